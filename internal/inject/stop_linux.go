package inject

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Stop stops all threads where calls can be injected, and reads what they are
// like. None is missed: a thread that is being made while its maker is stopped
// is traced from its start, and one that was made by a thread that was not in
// hand yet is found, as only a pass over /proc that finds nothing new, with all
// others stopped, is the last one.
func (p *Process) Stop() error {
	p.stopped = time.Now()
	return p.halt(p.stopped.Add(p.options.Patience))
}

func (p *Process) halt(deadline time.Time) error {
	for {
		if err := p.interrupt(); err != nil {
			return err
		}
		if err := p.await(deadline); err != nil {
			return err
		}
		found, err := p.seize()
		if err != nil {
			return err
		}
		if found == 0 && p.are(parked) {
			break
		}
	}
	if len(p.threads) == 0 {
		return p.wrong(nil, ErrGone, ErrGone, "")
	}
	if err := p.read(); err != nil {
		return err
	}
	return p.lookAgain()
}

func (p *Process) are(s state) bool {
	for _, t := range p.threads {
		if t.state != s {
			return false
		}
	}
	return true
}

// interrupt asks the threads to stop that have not been asked yet.
func (p *Process) interrupt() error {
	if err := p.interruptSleepers(); err != nil {
		return err
	}
	for _, t := range append([]*Thread(nil), p.threads...) {
		var err error
		switch {
		case t.state == elsewhere:
			err = p.onward(t)
		case t.state == running && !t.asked:
			t.asked = true
			err = kernel.PtraceInterrupt(t.TID)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return p.wrong(t, nil, err, "")
		}
	}
	return nil
}

// onward lets a thread go on from a stop that is of no use, with the signal
// that it has yet to get, to the one that was asked for.
func (p *Process) onward(t *Thread) error {
	t.sample()
	// Any stop takes an earlier request away, so it is made again.
	if err := kernel.PtraceInterrupt(t.TID); err != nil {
		return err
	}
	t.state, t.asked = running, true
	return kernel.PtraceCont(t.TID, t.due())
}

// await waits until all threads in hand are parked or gone.
func (p *Process) await(deadline time.Time) error {
	heard := time.Now()
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		moved, err := p.poll()
		if err != nil {
			return err
		}
		if p.are(parked) {
			return nil
		}
		if moved {
			pause, heard = shortPause, time.Now()
			continue
		}
		if pause == longPause {
			p.dropZombie()
		}
		now := time.Now()
		if pause < longPause || !p.deaf() {
			heard = now
		}
		if now.After(deadline) || now.Sub(heard) > deafPatience {
			return p.late()
		}
		kernel.Nanosleep(pause)
	}
}

// How long to sleep between looks for threads that stop: most do within
// microseconds.
const (
	shortPause = 10 * time.Microsecond
	longPause  = time.Millisecond
)

// deafPatience is how long to wait, with all others stopped, for threads that
// sleep all the time where no signal wakes them.
const deafPatience = 250 * time.Millisecond

// deaf reports whether all threads that have not stopped sleep so.
func (p *Process) deaf() bool {
	for _, t := range p.threads {
		if t.state == parked {
			continue
		}
		if p.name(t); t.Status == nil || t.Status.State != 'D' {
			return false
		}
	}
	return true
}

// poll handles what the threads have to tell, and reports whether there was
// anything. One that is stopped is told of as well if it is killed, as it is by
// another's exec, which waits until that has been heard.
func (p *Process) poll() (moved bool, err error) {
	for _, t := range append([]*Thread(nil), p.threads...) {
		stop, err := kernel.Wait4(t.TID, unix.WNOHANG)
		if errors.Is(err, unix.ECHILD) {
			p.remove(t) // it was reaped by an exec, or a pass found it as it ended
			moved = true
			continue
		}
		if err != nil {
			return moved, p.wrong(t, nil, err, "")
		}
		if stop.TID == 0 {
			continue
		}
		moved = true
		if err := p.handle(t, stop); err != nil && !errors.Is(err, unix.ESRCH) {
			return moved, p.wrong(t, nil, err, "")
		}
	}
	return moved, nil
}

// handle does what a stop of a thread that was asked to stop asks for.
func (p *Process) handle(t *Thread, stop kernel.Stop) error {
	switch event := stop.Event(); {
	case stop.Ended():
		p.tell(stop)
		p.remove(t)
		return nil
	case event == unix.PTRACE_EVENT_STOP:
		t.state, t.group = parked, stop.GroupStop()
		return nil
	case event == unix.PTRACE_EVENT_CLONE:
		p.born(t)
	case event == unix.PTRACE_EVENT_EXEC:
		p.tell(stop)
		p.replaced(t)
	case t.state == finishing && stop.Syscall() && !finished(t):
		return kernel.PtraceSyscall(t.TID, 0)
	case event != 0:
		p.tell(stop)
	case !stop.Syscall():
		t.signal = int(stop.Signal())
	}
	return p.onward(t)
}

// tell tells Adopt's caller of what is its affair.
func (p *Process) tell(stop kernel.Stop) {
	if p.options.Other != nil {
		p.options.Other(stop)
	}
}

// born takes in hand the thread that t has just made. It stops by itself.
func (p *Process) born(t *Thread) {
	tid, err := kernel.PtraceGetEventMsg(t.TID)
	if err == nil && p.thread(int(tid)) == nil {
		p.add(int(tid)).asked = true
	}
}

// replaced forgets all threads but the one that has executed another program,
// which now has the process's id.
func (p *Process) replaced(t *Thread) {
	p.exec = true
	t.Main, t.TID = true, p.PID
	p.threads = []*Thread{t}
}

// late says which threads have not stopped, and why that may be.
func (p *Process) late() error {
	for _, t := range p.threads {
		if t.state == parked {
			continue
		}
		p.name(t)
		why := "runs, and yet does not stop"
		if t.Status != nil && t.Status.State == 'D' {
			why = "sleeps in the kernel where no signal wakes it, in vfork or for a disk"
		}
		return p.wrong(t, ErrNotStops, fmt.Errorf("has not stopped within %v: it %s", time.Since(p.stopped).Round(time.Millisecond), why), "try again later")
	}
	return nil
}

// name reads what /proc says of a thread.
func (p *Process) name(t *Thread) {
	if status, err := kernel.ThreadStatus(p.PID, t.TID); err == nil {
		t.Status, t.Name = status, status.Name
	}
}
