package kernel

import "golang.org/x/sys/unix"

// Stop is what wait4(2) tells of a thread: that it ended, or why it stopped.
type Stop struct {
	TID    int
	Status unix.WaitStatus
}

// Wait4 waits for one traced thread, or with -1 for any child or traced
// thread, started however (__WALL). With unix.WNOHANG among the options the
// Stop of a thread that has nothing to tell has TID 0.
func Wait4(tid, options int) (Stop, error) {
	var s Stop
	for {
		got, err := unix.Wait4(tid, &s.Status, options|unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Stop{}, &Error{"wait4", Tracing, max(tid, 0), err}
		}
		s.TID = got
		return s, nil
	}
}

// Reap takes note of a traced thread's end, if it has ended, and of nothing else
// that it has to tell. Any thread of the tracer's process may.
//
// It looks first: of a traced thread, waitid(2) takes a stop, too, whatever it is
// asked for (kernel/exit.c:wait_task_stopped).
func Reap(tid int) {
	const ends = unix.WEXITED | unix.WNOHANG | unix.WALL
	const exited, killed, dumped = 1, 2, 3 // CLD_EXITED, CLD_KILLED, CLD_DUMPED (asm-generic/siginfo.h)
	var info unix.Siginfo
	if unix.Waitid(unix.P_PID, tid, &info, ends|unix.WNOWAIT, nil) != nil {
		return
	}
	switch info.Code {
	case exited, killed, dumped:
		_ = unix.Waitid(unix.P_PID, tid, nil, ends, nil)
	}
}

// Ended reports whether the thread is no more.
func (s Stop) Ended() bool { return s.Status.Exited() || s.Status.Signaled() }

// Event is the PTRACE_EVENT_* of the stop, 0 if it has none.
func (s Stop) Event() int { return int(uint32(s.Status) >> 16) }

// Syscall reports whether the stop is at the entry or exit of a call, where
// PTRACE_O_TRACESYSGOOD marks these.
func (s Stop) Syscall() bool { return s.Event() == 0 && s.raw() == int(unix.SIGTRAP)|0x80 }

// Signal is the signal that is about to be delivered, or that stopped the
// thread's process.
func (s Stop) Signal() unix.Signal { return unix.Signal(s.raw() &^ 0x80) }

func (s Stop) raw() int { return int(uint32(s.Status)>>8) & 0xff }

// GroupStop reports whether the thread is stopped with its whole process, by a
// SIGSTOP or its like. Such a stop of a seized thread has PTRACE_EVENT_STOP.
func (s Stop) GroupStop() bool {
	return s.Event() == unix.PTRACE_EVENT_STOP && s.Signal() != unix.SIGTRAP
}
