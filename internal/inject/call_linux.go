package inject

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// begin readies the threads, which are parked, for injected calls. All signals
// are blocked, so that they stay in the kernel's queues.
func (p *Process) begin() error {
	for _, t := range p.threads {
		if err := kernel.PtraceSetSigMask(t.TID, ^kernel.SigSet(0)); err != nil {
			return p.wrong(t, kindOf(err), err, "")
		}
	}
	return nil
}

// call makes a thread make a call, and returns what the kernel answered.
//
// It runs from one syscall-stop to the next, not by single steps: these end in
// a SIGTRAP, which would cost a program that blocks or ignores SIGTRAP its
// disposition.
func (p *Process) call(t *Thread, nr uintptr, args ...uint64) (int64, error) {
	var six [6]uint64
	copy(six[:], args)
	regs := t.regs
	regs.SetCall(p.place.instruction, nr, six)
	if err := kernel.PtraceSetRegs(t.TID, regs); err != nil {
		return 0, p.lost(t, err)
	}
	for range [...]string{"entry", "exit"} {
		if err := p.toSyscall(t); err != nil {
			return 0, err
		}
	}
	after, err := kernel.PtraceGetRegs(t.TID)
	if err != nil {
		return 0, p.lost(t, err)
	}
	t.state = busy
	return after.Result(), nil
}

// toSyscall lets a thread go on to the entry or exit of its call.
func (p *Process) toSyscall(t *Thread) error {
	for {
		if err := kernel.PtraceSyscall(t.TID, 0); err != nil {
			return p.lost(t, err)
		}
		stop, err := kernel.Wait4(t.TID, 0)
		if err != nil {
			return p.lost(t, err)
		}
		done, err := p.towards(t, stop)
		if done || err != nil {
			return err
		}
	}
}

// towards handles a stop on the way to a syscall-stop: none of the others
// moves the thread.
func (p *Process) towards(t *Thread, stop kernel.Stop) (done bool, err error) {
	switch event := stop.Event(); {
	case stop.Ended():
		p.tell(stop)
		p.remove(t)
		return false, p.wrong(t, ErrGone, fmt.Errorf("ended in the middle of an injected call (%v)", endOf(stop)), "")
	case stop.Syscall():
		return true, nil
	case event == unix.PTRACE_EVENT_STOP:
		t.group = stop.GroupStop()
		return false, nil
	case event != 0:
		p.tell(stop)
		return false, nil
	}
	if stop.Signal() == unix.SIGSTOP {
		p.again = true // the one signal that a full mask does not hold back, but for SIGKILL
	}
	return false, nil
}

func endOf(stop kernel.Stop) string {
	if stop.Status.Signaled() {
		return stop.Status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", stop.Status.ExitStatus())
}

// lost is the error of a request to a thread that should be stopped.
func (p *Process) lost(t *Thread, err error) error {
	if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ECHILD) {
		return p.wrong(t, ErrGone, errVanishing, "")
	}
	return p.wrong(t, nil, err, "")
}

// must is call for one that has to succeed.
func (p *Process) must(t *Thread, op string, layer kernel.Layer, nr uintptr, args ...uint64) (int64, error) {
	result, err := p.call(t, nr, args...)
	if err != nil {
		return 0, err
	}
	if result < 0 && result > -4096 {
		return 0, p.wrong(t, nil, &kernel.Error{Op: op, Layer: layer, Err: unix.Errno(-result)}, "")
	}
	return result, nil
}

// settle ends the injected calls: the threads are parked again, with the
// registers, mask and options that they had, so that the kernel finds them on
// their way back to the program, with their own calls interrupted.
func (p *Process) settle() error {
	var wrong error
	for _, t := range append([]*Thread(nil), p.threads...) {
		if err := p.settleThread(t); err != nil && kindOf(err) != ErrGone && !errors.Is(err, ErrGone) {
			wrong = errors.Join(wrong, err)
		}
	}
	return wrong
}

func (p *Process) settleThread(t *Thread) error {
	if t.state == busy {
		if err := p.park(t); err != nil {
			return err
		}
	}
	if err := kernel.PtraceSetSigMask(t.TID, t.mask); err != nil {
		return p.lost(t, err)
	}
	if err := kernel.PtraceSetRegs(t.TID, t.regs); err != nil {
		return p.lost(t, err)
	}
	return nil
}

// park brings a thread from the exit of an injected call to where the kernel
// decides on signals and restarts.
func (p *Process) park(t *Thread) error {
	for {
		if err := kernel.PtraceInterrupt(t.TID); err != nil {
			return p.lost(t, err)
		}
		if err := kernel.PtraceCont(t.TID, 0); err != nil {
			return p.lost(t, err)
		}
		stop, err := kernel.Wait4(t.TID, 0)
		if err != nil {
			return p.lost(t, err)
		}
		if stop.Event() == unix.PTRACE_EVENT_STOP {
			t.state, t.group = parked, stop.GroupStop()
			return nil
		}
		if _, err := p.towards(t, stop); err != nil {
			return err
		}
	}
}
