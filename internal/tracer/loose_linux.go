package tracer

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Where calls are watched by eBPF, and so are forks, a process is traced
// loosely: its threads are left alone until a phase begins, when the engine
// finds them, so that starting one costs no stop. One of them is traced, always,
// by which the process ends with the tracer.

// bound are the options while a later phase is waited for: should the tracer
// die, the program does, too, instead of running on with more than it is for.
func (t *tracer) bound() uintptr {
	const bound = options | unix.PTRACE_O_EXITKILL
	if t.watch.follows() {
		return bound &^ unix.PTRACE_O_TRACECLONE
	}
	return bound
}

var errTooMany = errors.New("it has made more processes than can be watched")

// collect takes the processes in hand that threads have made which are not
// traced.
func (t *tracer) collect() {
	for pid, maker := range t.watch.strays() {
		if err := t.born(pid, maker); err != nil {
			t.untraceable(pid, err)
		}
	}
}

// untraceable ends the program: a part of it could not be taken to its last phase.
func (t *tracer) untraceable(pid int, err error) {
	t.observer.Failed(pid, t.plan.Policy.Phases[t.plan.Last].Name, err)
	t.observer.Ended(pid)
	t.end()
}

// born takes a process in hand that has been watched since it was made. One
// whose maker was traced stops by itself.
func (t *tracer) born(pid, maker int) error {
	if _, told := t.expected[pid]; told || t.processes[pid] != nil {
		return nil
	}
	if took, err := t.seize(pid, pid); !took {
		if err == nil && !tracedByMe(pid, pid) {
			t.watch.drop(pid) // it has ended
		}
		return err
	}
	from := t.guess(pid, maker)
	p := t.newProcess(pid, from.phase)
	p.stuck = from.stuck
	t.add(p, pid).nature = from.nature
	if t.done(p) {
		return kernel.PtraceInterrupt(pid) // it is let go at the stop that this makes
	}
	t.await(p)
	return nil
}

// succeed traces another thread of a process, if none of those that are traced
// is there to stay. It comes when the last one is on its way: an exec by another
// thread waits for it to end, and seizing that one for the exec.
func (t *tracer) succeed(p *process) {
	if !t.watch.follows() || t.done(p) {
		return
	}
	for _, th := range p.threads {
		if !th.leaving {
			return
		}
	}
	for remains := true; remains; {
		tids, err := kernel.TaskIDs(p.pid)
		if err != nil {
			return // it has ended
		}
		remains = false
		for _, tid := range tids {
			took, err := t.seize(p.pid, tid)
			switch {
			case err != nil:
				t.untraceable(p.pid, err)
				return
			case took:
				t.inherit(p, tid)
				return
			}
			remains = remains || mayRemain(p.pid, tid)
		}
	}
}

// inherit makes a thread the traced one of its process. By an exec it has got
// the process's id meanwhile.
func (t *tracer) inherit(p *process, tid int) {
	nature := t.natureOf(p)
	if !lives(p.pid, tid) {
		tid = p.pid
	}
	for _, th := range p.threads {
		delete(t.threads, th.tid)
		delete(p.threads, th.tid)
	}
	t.add(p, tid).nature = nature
}

// seize begins to trace a thread; false if it has ended, or is traced already.
// The first thread of a process that executes is another one from one moment to
// the next, and of neither can it be said in between.
func (t *tracer) seize(pid, tid int) (bool, error) {
	const patience, pause = time.Second, 100 * time.Microsecond
	for deadline := time.Now().Add(patience); ; kernel.Nanosleep(pause) {
		err := kernel.PtraceSeize(tid, t.bound())
		if err == nil {
			return true, nil
		}
		s, statusErr := kernel.ThreadStatus(pid, tid)
		switch {
		case errors.Is(err, unix.ESRCH), statusErr != nil, s.Ended(), s.TracerPID == os.Getpid():
			return false, nil
		case time.Now().After(deadline):
			return false, fmt.Errorf("thread %d cannot be traced: %w", tid, err)
		}
	}
}

// mayRemain reports whether a thread that could not be seized is to be looked
// for again: it is there, or has got another id by an exec. The kernel gives the
// old id to the first thread meanwhile, which is dead by then
// (fs/exec.c:de_thread).
func mayRemain(pid, tid int) bool {
	s, err := kernel.ThreadStatus(pid, tid)
	return err != nil || s.State == 'X' || s.State != 'Z' && s.TracerPID != os.Getpid()
}

// lives reports whether there is such a thread, and it has not ended.
func lives(pid, tid int) bool {
	s, err := kernel.ThreadStatus(pid, tid)
	return err == nil && !s.Ended()
}

func tracedByMe(pid, tid int) bool {
	s, err := kernel.ThreadStatus(pid, tid)
	return err == nil && s.TracerPID == os.Getpid()
}
