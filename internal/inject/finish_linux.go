package inject

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// finishPatience is for how long threads may finish calls that the phase would
// deny, while all others stand still.
const finishPatience = 250 * time.Millisecond

// patiently judges, and again after threads have left a call that would be
// denied: most such calls are over in a moment, such as a short sleep of the
// program's start. The others do not go on meanwhile.
func (s *step) patiently(judge func() error) error {
	for deadline := time.Now().Add(finishPatience); ; {
		err := judge()
		late := time.Now().After(deadline)
		denied := s.denied(err)
		if len(denied) == 0 || late {
			return err
		}
		if err := s.letFinish(denied, deadline); err != nil {
			return err
		}
		if s.exec {
			return s.wrong(nil, ErrExec, ErrExec, "")
		}
	}
}

// denied are the threads that an error of judge's is about, if it is about
// nothing but calls that would be denied. Those of a process that is stopped by
// SIGSTOP finish nothing.
func (s *step) denied(err error) (threads []*Thread) {
	for _, one := range parts(err) {
		var e *Error
		if !errors.As(one, &e) || e.Kind != ErrDenied {
			return nil
		}
		t := s.thread(e.Thread)
		if t == nil || t.group {
			return nil
		}
		threads = append(threads, t)
	}
	return threads
}

// parts are the errors of which one is joined.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return nil
}

// letFinish lets threads go on to the end of the calls in which they are.
func (p *Process) letFinish(threads []*Thread, deadline time.Time) error {
	for _, t := range threads {
		if err := p.back(t); err != nil {
			return err
		}
		if err := kernel.PtraceSyscall(t.TID, 0); err != nil && !errors.Is(err, unix.ESRCH) {
			return p.lost(t, err)
		}
		t.state, t.asked, t.known, t.began = finishing, false, false, t.Call
	}
	for pause := shortPause; !p.are(parked) && time.Now().Before(deadline); pause = min(2*pause, longPause) {
		if moved, err := p.poll(); err != nil {
			return err
		} else if !moved {
			kernel.Nanosleep(pause)
		}
	}
	for _, t := range threads {
		if t.state == finishing {
			t.state = running
		}
	}
	return p.halt(time.Now().Add(p.options.Patience))
}

// finished reports whether a thread that is at the entry or exit of a call is at
// its exit, and the call is not to be made again.
func finished(t *Thread) bool {
	info, err := kernel.PtraceGetSyscallInfo(t.TID)
	if err != nil || info.Op != unix.PTRACE_SYSCALL_INFO_EXIT {
		return err != nil
	}
	regs, err := kernel.PtraceGetRegs(t.TID)
	if err != nil {
		return true
	}
	switch regs.Result() {
	case restartSys, restartNoIntr, restartNoHand, restartBySystem:
		return false
	}
	return true
}
