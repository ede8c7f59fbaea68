package inject

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Options are how patient and how careful a Process is. The zero value is the
// strict one.
type Options struct {
	// Patience is how long the threads may take to stop; 0 is two seconds. One
	// that sleeps in the kernel without hearing of signals takes as long as it
	// sleeps.
	Patience time.Duration

	// BestEffort goes on where a filter that nobody can read may stop the
	// calls that narrow the process, and then maybe ends it.
	BestEffort bool

	// Trace are options (unix.PTRACE_O_*) that Adopt's caller has set on the
	// threads, and finds there again.
	Trace uintptr

	// Onward is how Resume lets a thread of an adopted process go on; nil is
	// kernel.PtraceCont.
	Onward func(tid, signal int) error

	// Other is told of stops of adopted threads that are the caller's affair: a
	// fork's, an exec's, an exit's event, or that a thread is gone. The thread
	// is stopped, and goes on by itself afterwards. It may be nil.
	Other func(kernel.Stop)
}

const defaultPatience = 2 * time.Second

// traceOptions are those that the engine itself needs: new threads are traced
// from their first instruction, and stops at calls are told from signals.
const traceOptions = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACESYSGOOD

// Process is another process, whose threads the calling thread traces. Its
// methods are called on the one goroutine, locked to its thread, that called
// Attach or Adopt.
type Process struct {
	PID     int
	options Options
	trace   uintptr // the options of all threads
	threads []*Thread
	place   place
	stopped time.Time // when the first thread was asked to stop
	report  *Report   // of the last step; it is told when the threads go on
	exec    bool      // it has executed another program meanwhile
}

// Attach begins to trace all threads of a process, which go on meanwhile. The
// caller calls Release, whatever becomes of the rest.
func Attach(pid int, o Options) (*Process, error) {
	p := &Process{PID: pid, options: o, trace: traceOptions}
	if err := p.look(); err != nil {
		return nil, err
	}
	if _, err := p.seize(); err != nil {
		p.Release()
		return nil, err
	}
	return p, nil
}

// Tracee is a thread that the calling thread traces already, by PTRACE_SEIZE.
type Tracee struct {
	TID int

	// Stopped says that it is in a stop of which the caller has been told, and
	// Signal is the one that it has yet to get in a signal-delivery-stop.
	Stopped bool
	Signal  int
}

// Adopt takes over a process that the caller traces, all threads of it, with
// Options.Trace set on each. After Step the threads are stopped, with a
// PTRACE_EVENT_STOP; Resume or Release lets them go on.
func Adopt(pid int, tracees []Tracee, o Options) (*Process, error) {
	p := &Process{PID: pid, options: o, trace: o.Trace | traceOptions}
	if err := p.look(); err != nil {
		return nil, err
	}
	for _, t := range tracees {
		thread := p.add(t.TID)
		thread.adopted = true
		if t.Stopped {
			thread.state = elsewhere
			thread.signal = t.Signal
		}
	}
	return p, nil
}

// look finds what the injected calls need in the process's memory. Where that
// changes until the threads are stopped, by an exec, it is looked for again.
func (p *Process) look() error {
	if p.options.Patience == 0 {
		p.options.Patience = defaultPatience
	}
	place, err := findPlace(p.PID)
	if kind := kindOf(err); kind != nil {
		return p.wrong(nil, kind, err, mayNotHint(p.PID))
	}
	p.place = place
	return nil
}

// lookAgain makes sure that what look has found is still there.
func (p *Process) lookAgain() error {
	if p.place.valid() {
		return nil
	}
	place, err := findPlace(p.PID)
	if err != nil {
		return p.wrong(nil, kindOf(err), err, "")
	}
	p.place = place
	return nil
}

// kindOf is the Err variable that an error of the kernel's means, or nil.
func kindOf(err error) error {
	switch {
	case errors.Is(err, unix.ESRCH), errors.Is(err, os.ErrNotExist):
		return ErrGone
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return ErrMayNot
	case errors.Is(err, kernel.ErrOtherABI):
		return ErrABI
	}
	return nil
}

// Threads are the threads in hand, the first one of the process first.
func (p *Process) Threads() []*Thread { return p.threads }

// Executed reports whether the process has executed another program since it
// was attached to.
func (p *Process) Executed() bool { return p.exec }

// add takes a thread in hand.
func (p *Process) add(tid int) *Thread {
	t := &Thread{TID: tid, Main: tid == p.PID, state: running}
	if t.Main {
		p.threads = append([]*Thread{t}, p.threads...)
	} else {
		p.threads = append(p.threads, t)
	}
	return t
}

func (p *Process) thread(tid int) *Thread {
	for _, t := range p.threads {
		if t.TID == tid {
			return t
		}
	}
	return nil
}

// remove forgets a thread that has ended.
func (p *Process) remove(gone *Thread) {
	for i, t := range p.threads {
		if t == gone {
			p.threads = append(p.threads[:i:i], p.threads[i+1:]...)
			return
		}
	}
}

// seize begins to trace the threads that are not in hand yet, and tells how
// many there were.
func (p *Process) seize() (found int, err error) {
	tids, err := kernel.TaskIDs(p.PID)
	if err != nil {
		return 0, p.wrong(nil, kindOf(err), gone(err), "")
	}
	for _, tid := range tids {
		if p.thread(tid) != nil {
			continue
		}
		took, err := p.take(tid)
		if err != nil {
			return found, err
		}
		if took {
			found++
		}
	}
	return found, nil
}

func gone(err error) error {
	if kindOf(err) == ErrGone {
		return ErrGone
	}
	return err
}

// take begins to trace one thread; false if it has ended.
func (p *Process) take(tid int) (bool, error) {
	stop := p.hearOfEnds()
	err := kernel.PtraceSeize(tid, p.trace)
	stop()
	if err == nil {
		p.add(tid)
		return true, nil
	}
	if errors.Is(err, unix.ESRCH) {
		return false, nil
	}
	status, statusErr := kernel.ThreadStatus(p.PID, tid)
	switch {
	case statusErr != nil || status.Ended():
		return false, nil // a first thread that has ended stays as a zombie while others live
	case status.TracerPID == os.Getpid():
		p.add(tid) // its creator is traced, so it is from its start
		return true, nil
	case status.TracerPID != 0:
		return false, p.traced(status.TracerPID)
	}
	return false, p.wrong(nil, kindOf(err), err, mayNotHint(p.PID))
}

// hearOfEnds keeps PTRACE_SEIZE from waiting for ever: it waits for an execve of
// the process, which waits until we have heard of the threads in hand that it
// has killed. Any thread of ours may hear of an end; of a stop none does here.
func (p *Process) hearOfEnds() (stop func()) {
	const soon = 5 * time.Millisecond // which PTRACE_SEIZE alone never takes
	var tids []int
	for _, t := range p.threads {
		tids = append(tids, t.TID)
	}
	var done atomic.Bool
	timer := time.AfterFunc(soon, func() {
		for ; !done.Load(); kernel.Nanosleep(time.Millisecond) {
			for _, tid := range tids {
				kernel.Reap(tid)
			}
		}
	})
	return func() {
		timer.Stop()
		done.Store(true)
	}
}

func (p *Process) traced(by int) error {
	name := commandOf(by)
	return p.wrong(nil, ErrTraced, fmt.Errorf("is traced already by %q (process %d), and a process has one tracer", name, by), tracedHint(name))
}

// wrong is an Error about the process, or about a thread of it.
func (p *Process) wrong(t *Thread, kind, err error, hint string) *Error {
	e := &Error{PID: p.PID, Kind: kind, Err: err, Hint: hint}
	if t != nil {
		e.Thread, e.Name = t.TID, t.Name
	}
	return e
}
