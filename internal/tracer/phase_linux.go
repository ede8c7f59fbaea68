package tracer

import (
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// next is the index of the phase that a process waits for, -1 if none: the
// first one behind its own that begins by a trigger. Those in between, which
// only the program itself or an operator would begin, begin with it.
func (t *tracer) next(p *process) int {
	if p.stuck {
		return -1
	}
	for i := p.phase + 1; i <= t.plan.Last; i++ {
		if t.plan.Policy.Phases[i].Trigger != nil {
			return i
		}
	}
	return -1
}

// waitsFor is the trigger of the next phase, or nil.
func (t *tracer) waitsFor(p *process) *policy.Trigger {
	if i := t.next(p); i >= 0 && p.phase >= 0 {
		return t.plan.Policy.Phases[i].Trigger
	}
	return nil
}

// start begins the first phase, at the exec event: nothing of the program has
// run. If that fails, nothing of it ever will.
func (t *tracer) start(p *process) {
	t.started = true
	if t.auditor != nil {
		t.startAudit(p)
		return
	}
	engine, reports, err := t.enter(p, t.plan.First)
	if err == nil {
		err = t.observer.Started(reports)
	}
	if err == nil {
		t.await(p)
		err = t.takeBack(p, engine)
	}
	if err == nil {
		return
	}
	if !errors.Is(err, inject.ErrGone) {
		t.observer.Failed(p.pid, t.plan.Policy.Phases[t.plan.First].Name, err)
	}
	t.abandon(p, engine)
}

// abandon ends a program that has not run yet as one that was not started.
func (t *tracer) abandon(p *process, engine *inject.Process) {
	if engine == nil || engine.Exit(StatusSetup) != nil {
		t.end()
	}
	t.giveBack(p, engine) // it has ended
}

// startAudit begins an audit, at the exec event.
func (t *tracer) startAudit(p *process) {
	engine, err := inject.Adopt(p.pid, t.tracees(p), inject.Options{Trace: t.bound(), Other: t.besides, Onward: t.onward})
	if err == nil {
		err = engine.Listen(t.auditor.program, t.auditor.serve)
	}
	if err == nil {
		err = t.observer.Started(nil)
	}
	if err != nil {
		t.observer.Failed(p.pid, t.plan.Policy.Phases[t.plan.First].Name, err)
		t.abandon(p, engine)
		return
	}
	p.phase = t.plan.First
	t.auditor.enter(p.pid, p.phase)
	t.auditor.begin()
	t.await(p)
	t.giveBack(p, engine)
}

// StatusSetup is the exit status of a program that was not started, as the
// sandbox could not be set up.
const StatusSetup = 125

// advance takes a process to a later phase.
func (t *tracer) advance(p *process, to int) {
	if t.auditor != nil {
		p.phase = to
		t.reached[to] = true
		t.auditor.enter(p.pid, to)
		t.await(p)
		return
	}
	engine, reports, err := t.enter(p, to)
	if err == nil {
		t.await(p)
		err = t.takeBack(p, engine)
	}
	switch {
	case err == nil:
		t.observer.Entered(p.pid, reports)
	case errors.Is(err, inject.ErrGone) && p.missed < mostMissed:
		t.giveBack(p, engine)
		t.lookAgain(p, to)
	default:
		t.refuse(p, to, engine, err)
	}
}

// A process that has ended is gone in a moment. One that seemed to have ended,
// as in the middle of an exec, is not, and is taken to its phase then.
const (
	moment     = 20 * time.Millisecond
	mostMissed = 50
)

type again struct{ pid, to int }

func (t *tracer) lookAgain(p *process, to int) {
	p.missed++
	time.AfterFunc(moment, func() { t.again <- again{p.pid, to} })
}

// comeAgain is the moment after.
func (t *tracer) comeAgain(a again) {
	p := t.processes[a.pid]
	if p == nil || t.next(p) != a.to {
		return
	}
	tids, _ := kernel.TaskIDs(p.pid)
	if slices.ContainsFunc(tids, func(tid int) bool { return lives(p.pid, tid) }) {
		t.advance(p, a.to)
	}
}

// refuse ends a program that could not be taken to a phase, or keeps it where
// it is if that was asked for and it is as it was.
func (t *tracer) refuse(p *process, to int, engine *inject.Process, err error) {
	t.observer.Failed(p.pid, t.plan.Policy.Phases[to].Name, err)
	var e *inject.Error
	if t.plan.BestEffort && !(errors.As(err, &e) && e.Partial) {
		t.giveBack(p, engine)
		t.stay(p)
		return
	}
	t.observer.Ended(p.pid)
	t.end()
	t.giveBack(p, engine)
}

// giveBack is takeBack where nothing can be done about an error.
func (t *tracer) giveBack(p *process, engine *inject.Process) {
	if engine != nil {
		_ = t.takeBack(p, engine)
	}
}

// enter stops all threads of a process and gives them the layers of the phases
// up to one. takeBack lets them go on.
func (t *tracer) enter(p *process, to int) (engine *inject.Process, reports []*inject.Report, err error) {
	engine, err = inject.Adopt(p.pid, t.tracees(p), inject.Options{
		Trace: t.optionsIn(to), Other: t.besides, Onward: t.onward, BestEffort: t.plan.BestEffort,
	})
	if err != nil {
		return nil, nil, err
	}
	for i := max(p.phase+1, t.plan.First); i <= to; i++ {
		report, err := engine.Step(t.layers[i])
		if err != nil {
			return engine, nil, err
		}
		t.collect() // what the process has made until now is in the phase before
		reports = append(reports, report)
		t.changed(p, i, report)
	}
	return engine, reports, nil
}

// changed notes that a process is in a phase, and what its threads have.
func (t *tracer) changed(p *process, phase int, report *inject.Report) {
	p.phase = phase
	t.reached[phase] = true
	before := t.natureOf(p)
	for _, r := range report.Threads {
		th := t.threads[r.TID]
		if th == nil {
			th = t.add(p, r.TID)
			th.nature = before // it was made while its maker was being stopped
			delete(t.expected, r.TID)
		}
		th.guessed = false
		th.class, th.stack = r.Class, stackOf(th.stack, t.plan.Policy.Phases[phase], r.Class)
	}
}

// natureOf is what some thread of a process has.
func (t *tracer) natureOf(p *process) nature {
	for _, th := range p.threads {
		if th.stack != nil {
			return th.nature
		}
	}
	return nature{}
}

// optionsIn are what a process's threads are traced with in a phase: what keeps
// it from outliving the tracer ends with the last one.
func (t *tracer) optionsIn(phase int) uintptr {
	if t.next(&process{phase: phase}) < 0 && !t.plan.Audit {
		return options
	}
	return t.bound()
}

// tracees tells the engine what the threads are at.
func (t *tracer) tracees(p *process) []inject.Tracee {
	var all []inject.Tracee
	for _, th := range p.threads {
		if !th.leaving {
			all = append(all, inject.Tracee{TID: th.tid, Stopped: th.stopped, Signal: int(th.signal)})
		}
	}
	return all
}

// besides is told of stops that the engine meets and that are not its affair.
func (t *tracer) besides(s kernel.Stop) {
	th := t.threads[s.TID]
	switch {
	case s.Ended():
		t.ended(th, s)
	case th != nil:
		t.event(th, s.Event())
	}
}

// takeBack brings what is known of a process's threads up to what the engine
// has found, and lets them go on.
func (t *tracer) takeBack(p *process, engine *inject.Process) error {
	for _, found := range engine.Threads() {
		th := t.threads[found.TID]
		if th == nil {
			delete(t.expected, found.TID)
			th = t.add(p, found.TID)
		}
		th.stopped, th.signal = false, 0
	}
	if !t.done(p) {
		return engine.Resume()
	}
	t.keepTo(p.pid)
	err := engine.Release()
	for _, th := range p.threads {
		t.forget(th)
	}
	return err
}

// onward is how the engine lets a thread go on.
func (t *tracer) onward(tid, signal int) error {
	if th := t.threads[tid]; th != nil && t.stepped(th) {
		return kernel.PtraceSyscall(tid, signal)
	}
	return kernel.PtraceCont(tid, signal)
}

// end kills what there is of the program, as it can neither go on nor be
// narrowed.
func (t *tracer) end() {
	for pid := range t.processes {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}
