package tracer

import (
	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// handle is told every stop and every end of a thread.
func (t *tracer) handle(s kernel.Stop) {
	th := t.threads[s.TID]
	if s.Ended() {
		t.ended(th, s)
		return
	}
	if th == nil {
		th = t.adopt(s.TID)
	}
	th.stopped, th.signal = true, 0
	switch {
	case s.Syscall():
		t.atCall(th)
	case s.GroupStop():
		t.jobStopped(th)
		return
	case s.Event() == unix.PTRACE_EVENT_STOP:
	case s.Event() != 0:
		t.event(th, s.Event())
	default:
		th.signal = s.Signal()
	}
	if th.stopped {
		t.resume(th)
	}
	if th.leaving {
		t.succeed(th.process)
	}
}

// event is one of the stops that the options ask for.
func (t *tracer) event(th *thread, event int) {
	msg, _ := kernel.PtraceGetEventMsg(th.tid) // only a killed thread has none, and that will be told
	switch event {
	case unix.PTRACE_EVENT_CLONE, unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK:
		t.expect(th, int(msg))
	case unix.PTRACE_EVENT_EXEC:
		t.executed(th, int(msg))
	case unix.PTRACE_EVENT_EXIT:
		th.leaving = true
		t.leaves(th, unix.WaitStatus(msg))
		if t.allLeave() {
			t.audited()
		}
	}
}

// allLeave reports whether no thread is left that could make a call; false
// where some are left alone, so that nobody knows.
func (t *tracer) allLeave() bool {
	if t.watch.follows() {
		return false
	}
	for _, th := range t.threads {
		if !th.leaving {
			return false
		}
	}
	return len(t.expected) == 0
}

// audited tells once what an audit has seen: before the last thread is let go
// to its end, so that whoever waits for the program finds it told.
func (t *tracer) audited() {
	if t.auditor == nil || t.told {
		return
	}
	t.told = true
	t.observer.Audited(t.auditor.result())
}

// jobStopped leaves a thread in the stop that its process is in by SIGSTOP,
// SIGTSTP or their like; SIGCONT ends it by another stop.
func (t *tracer) jobStopped(th *thread) {
	if t.done(th.process) {
		t.resume(th)
		return
	}
	if kernel.PtraceListen(th.tid) == nil {
		th.stopped = false
	}
}

// executed tells of a process that is another program now: of its threads only
// the one that called execve is left, under the process's id.
func (t *tracer) executed(th *thread, former int) {
	p := th.process
	for _, other := range p.threads {
		if other != th {
			delete(t.threads, other.tid)
			delete(p.threads, other.tid)
		}
	}
	delete(t.expected, former)
	th.leaving, th.atReturn = false, 0
	if !t.started && p.pid == t.plan.Target {
		t.start(p)
	}
}

// ended tells of a thread that is no more.
func (t *tracer) ended(th *thread, s kernel.Stop) {
	delete(t.expected, s.TID)
	if th == nil {
		return
	}
	t.forget(th)
}

// resume lets a stopped thread go on with its signal, for good if nothing is
// left to do for its process.
func (t *tracer) resume(th *thread) {
	if t.done(th.process) {
		signal := th.signal
		if len(th.process.threads) == 1 {
			t.keepTo(th.process.pid)
		}
		t.forget(th)
		_ = kernel.PtraceDetach(th.tid, int(signal)) // ESRCH: it was killed meanwhile
		return
	}
	how := kernel.PtraceCont
	if t.stepped(th) {
		how = kernel.PtraceSyscall
	}
	signal := th.signal
	th.stopped, th.signal = false, 0
	_ = how(th.tid, int(signal)) // ESRCH: it was killed meanwhile, and its end will be told
}

// done reports whether nothing is left to do for a process.
func (t *tracer) done(p *process) bool {
	return p.phase >= 0 && t.next(p) < 0 && !t.plan.Deaths && !t.plan.Audit
}
