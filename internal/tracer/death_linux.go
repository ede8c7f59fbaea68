package tracer

import "golang.org/x/sys/unix"

// leaves is a thread that is about to end with the status: its memory and its
// registers can be looked at for the last time.
func (t *tracer) leaves(th *thread, status unix.WaitStatus) {
}
