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
			return p.lost(t, err)
		}
	}
	return nil
}

// call is one that threads are made to make.
type call struct {
	op    string // the call under the kernel's name, for errors
	layer kernel.Layer
	nr    uintptr
	args  []uint64
}

// turn is a call that a thread is to make.
type turn struct {
	*Thread
	call
}

// turns is the same call for threads.
func turns(threads []*Thread, c call) []turn {
	all := make([]turn, len(threads))
	for i, t := range threads {
		all[i] = turn{t, c}
	}
	return all
}

// one makes a thread make a call that has to succeed.
func (p *Process) one(t *Thread, c call) (int64, error) {
	one := turn{t, c}
	if err := p.together([]turn{one}); err != nil {
		return 0, err
	}
	return t.result, p.refused(one)
}

// firstOne makes threads make calls that have to succeed, one of them before
// all others: what the kernel refuses to one it mostly refuses to all, and then
// no other has been changed. done is told of each success.
func (p *Process) firstOne(all []turn, done func()) error {
	if len(all) == 0 {
		return nil
	}
	if err := p.all(all[:1], done); err != nil {
		return err
	}
	return p.all(all[1:], done)
}

// all makes threads make calls that have to succeed, at once.
func (p *Process) all(all []turn, done func()) error {
	if err := p.together(all); err != nil {
		return err
	}
	var refused error
	for _, one := range all {
		if err := p.refused(one); err == nil {
			done()
		} else if refused == nil {
			refused = err
		}
	}
	return refused
}

// refused is the error that the kernel answered a thread's call with, nil if it
// succeeded.
func (p *Process) refused(c turn) error {
	const mostErrno = 4095
	if c.result >= 0 || c.result < -mostErrno {
		return nil
	}
	return p.wrong(c.Thread, nil, &kernel.Error{Op: c.op, Layer: c.layer, Err: unix.Errno(-c.result)}, "")
}

// together makes threads make a call each at the same time, and waits for all
// of them, whatever becomes of one.
//
// They run from one syscall-stop to the next, not by single steps: these end in
// a SIGTRAP, which would cost a program that blocks or ignores SIGTRAP its
// disposition.
func (p *Process) together(all []turn) error {
	var wrong error
	each := func(do func(turn) error) {
		for _, one := range all {
			if err := do(one); err != nil && wrong == nil {
				wrong = err
			}
		}
	}
	each(p.start)
	for range [...]string{"entry", "exit"} {
		each(p.step)
		each(func(one turn) error { return p.toSyscall(one.Thread) })
	}
	each(func(one turn) error { return p.finish(one.Thread) })
	return wrong
}

// start puts a thread before its call.
func (p *Process) start(one turn) error {
	var args [6]uint64
	copy(args[:], one.args)
	regs := one.regs
	regs.SetCall(p.place.instruction, one.nr, args)
	if err := kernel.PtraceSetRegs(one.TID, regs); err != nil {
		return p.lost(one.Thread, err)
	}
	return nil
}

// step lets it go on to the entry or exit of the call.
func (p *Process) step(one turn) error {
	if err := kernel.PtraceSyscall(one.TID, 0); err != nil {
		return p.lost(one.Thread, err)
	}
	return nil
}

// finish reads the result of a thread's call.
func (p *Process) finish(t *Thread) error {
	after, err := kernel.PtraceGetRegs(t.TID)
	if err != nil {
		return p.lost(t, err)
	}
	t.state, t.result = busy, after.Result()
	return nil
}

// toSyscall waits until a thread is at the entry or exit of its call.
func (p *Process) toSyscall(t *Thread) error {
	for {
		stop, err := p.next(t)
		if err != nil {
			return p.lost(t, err)
		}
		done, err := p.towards(t, stop)
		if done || err != nil {
			return err
		}
		if err := kernel.PtraceSyscall(t.TID, t.due()); err != nil {
			return p.lost(t, err)
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
		// The one signal that a full mask does not hold back, but for SIGKILL. It
		// is not kept back here, either: the kernel alone knows whether a SIGCONT
		// has come since.
		t.signal = int(unix.SIGSTOP)
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

// settle ends the injected calls: the threads are parked again, with the
// registers and mask that they had, so that the kernel finds them on their way
// back to the program, with their own calls interrupted.
func (p *Process) settle() error {
	var wrong error
	note := func(err error) {
		if err != nil && !errors.Is(err, ErrGone) {
			wrong = errors.Join(wrong, err)
		}
	}
	var moving []*Thread
	for _, t := range p.threads {
		if t.state == busy {
			note(p.toPark(t))
			moving = append(moving, t)
		}
	}
	for _, t := range moving {
		note(p.park(t))
	}
	for _, t := range p.threads {
		note(p.restore(t))
	}
	return wrong
}

// restore gives a parked thread its registers and its mask.
func (p *Process) restore(t *Thread) error {
	if err := p.writeRegs(t); err != nil {
		return p.lost(t, err)
	}
	if err := kernel.PtraceSetSigMask(t.TID, t.mask); err != nil {
		return p.lost(t, err)
	}
	t.known = false
	return nil
}

// toPark lets a thread go on from the exit of an injected call to where the
// kernel decides on signals and restarts.
func (p *Process) toPark(t *Thread) error {
	if err := kernel.PtraceInterrupt(t.TID); err != nil {
		return p.lost(t, err)
	}
	if err := kernel.PtraceCont(t.TID, t.due()); err != nil {
		return p.lost(t, err)
	}
	return nil
}

// park waits until it is there.
func (p *Process) park(t *Thread) error {
	for {
		stop, err := p.next(t)
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
		if err := p.toPark(t); err != nil {
			return err
		}
	}
}
