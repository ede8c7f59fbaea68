package inject

import (
	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// next waits for a thread's next stop, or for its end. That a process's first
// thread has ended is not told before all others are reaped
// (kernel/exit.c:delay_group_leader), and those may wait for us: so it is ESRCH
// as soon as /proc shows it.
func (p *Process) next(t *Thread) (kernel.Stop, error) {
	if !t.Main {
		return kernel.Wait4(t.TID, 0)
	}
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		stop, err := kernel.Wait4(t.TID, unix.WNOHANG)
		if err != nil || stop.TID != 0 {
			return stop, err
		}
		if pause == longPause && isZombie(p.PID) {
			p.remove(t)
			return stop, unix.ESRCH
		}
		kernel.Nanosleep(pause)
	}
}

// isZombie reports whether a process's first thread has ended.
func isZombie(pid int) bool {
	s, err := kernel.ThreadStatus(pid, pid)
	return err != nil || s.Ended()
}

// dropZombie forgets a first thread that has ended.
func (p *Process) dropZombie() {
	for _, t := range p.threads {
		if t.Main && t.state == running && isZombie(p.PID) {
			p.remove(t)
			return
		}
	}
}
