package kernel

import (
	"errors"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Reap takes ends, and leaves stops to whoever waits for them.
func TestReapLeavesStops(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := exec.Command("sleep", "60")
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	pid := c.Process.Pid
	defer c.Wait()
	defer c.Process.Kill()
	if err := errors.Join(PtraceSeize(pid, 0), PtraceInterrupt(pid)); err != nil {
		t.Fatal(err)
	}
	becomes(t, pid, 't')
	Reap(pid)
	if s, err := Wait4(pid, unix.WNOHANG); err != nil || s.Event() != unix.PTRACE_EVENT_STOP {
		t.Errorf("got %+v, %v; want its stop", s, err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	becomes(t, pid, 'Z')
	Reap(pid)
	if s, err := Wait4(pid, unix.WNOHANG); !errors.Is(err, unix.ECHILD) {
		t.Errorf("got %+v, %v; want ECHILD", s, err)
	}
}

// becomes waits until a process is in a state, as /proc calls it.
func becomes(t *testing.T, pid int, state byte) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; runtime.Gosched() {
		s, err := ThreadStatus(pid, pid)
		if err != nil {
			t.Fatal(err)
		}
		if s.State == state {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("it is %c, not %c", s.State, state)
		}
	}
}
