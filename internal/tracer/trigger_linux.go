package tracer

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// stepped reports whether a thread is stopped at each of its calls: it may be
// the one whose call begins the next phase. Names other than main may be
// written late, by another thread, so they are looked at when a call fits.
func (t *tracer) stepped(th *thread) bool {
	trigger := t.waitsFor(th.process)
	if trigger == nil || trigger.Ready || t.plan.Cheap {
		return false
	}
	return th.atReturn > 0 || th.first() || !onlyMain(trigger)
}

// onlyMain reports whether no thread but a process's first fits the trigger.
func onlyMain(trigger *policy.Trigger) bool { return trigger.Thread == policy.Main }

// atCall is a thread at the entry or the exit of a call.
func (t *tracer) atCall(th *thread) {
	info, err := kernel.PtraceGetSyscallInfo(th.tid)
	if err != nil {
		return // killed meanwhile
	}
	switch info.Op {
	case unix.PTRACE_SYSCALL_INFO_ENTRY:
		call := bpf.Data{Nr: uint32(info.Nr), Arch: info.Arch, IP: info.IP, Args: info.Args}
		t.enters(th, &call)
	case unix.PTRACE_SYSCALL_INFO_EXIT:
		t.returns(th, int64(info.Nr))
	}
}

// enters is a thread at the entry of a call. If the call begins the next phase
// and that lets it run, the phase begins here: the call is interrupted before
// it waits, and made again under the new rules. A call that they would stop
// runs under the old ones, and the phase begins when it returns. One that kills
// the thread does not return.
func (t *tracer) enters(th *thread, call *bpf.Data) {
	trigger := t.waitsFor(th.process)
	if trigger == nil || trigger.Ready || !trigger.Call.Fits(call) || !trigger.In(th.first(), th.comm()) {
		return
	}
	to := t.next(th.process)
	if t.lets(to, th, call) {
		t.advance(th.process, to)
		return
	}
	if explain.Decide(th.stack, call).Verdict.Kind > policy.KillThread {
		th.atReturn = to
	}
}

// lets reports whether the phases up to one let the thread make the call.
func (t *tracer) lets(to int, th *thread, call *bpf.Data) bool {
	for i := th.process.phase + 1; i <= to; i++ {
		if f, _ := t.layers[i].For(th.comm(), th.first()); f == nil {
			continue
		} else if v, _ := f.Rules.Evaluate(call); !v.Kind.Runs() {
			return false
		}
	}
	return true
}

// What a call returns on its way out if the kernel is to make it again (linux/errno.h).
const (
	restartSys     = -512
	restartNoHand  = -514
	restartByBlock = -516
)

// returns is a thread at the exit of a call; to one that will be made again it
// has not come yet.
func (t *tracer) returns(th *thread, result int64) {
	to := th.atReturn
	if to == 0 || result <= restartSys && result >= restartNoHand || result == restartByBlock {
		return
	}
	th.atReturn = 0
	if to == t.next(th.process) {
		t.advance(th.process, to)
	}
}

// await begins to wait for what takes a process to its next phase.
func (t *tracer) await(p *process) {
	to := t.next(p)
	if to < 0 {
		t.watch.drop(p.pid)
	} else if err := t.watch.add(p.pid); err != nil {
		t.observer.Failed(p.pid, t.plan.Policy.Phases[to].Name, fmt.Errorf("the process cannot be watched: %w", err))
		t.observer.Ended(p.pid)
		t.end()
	}
	if to < 0 || t.plan.Timeout == 0 || t.reached[to] || t.clocks[to] != nil {
		return
	}
	t.clocks[to] = time.AfterFunc(t.plan.Timeout, func() { t.late <- to })
}

// tooLate is the end of the time that a phase had to begin in some process.
func (t *tracer) tooLate(to int) {
	if t.reached[to] {
		return
	}
	phase := t.plan.Policy.Phases[to]
	t.observer.Late(phase.Name, phase.Trigger.String())
	if t.plan.EndOnTimeout {
		t.observer.Ended(t.plan.Target)
		t.end()
		return
	}
	for _, p := range t.processes {
		if t.next(p) == to {
			t.stay(p)
		}
	}
}

// stay leaves a process in its phase, for good.
func (t *tracer) stay(p *process) {
	p.stuck = true
	t.watch.drop(p.pid)
	t.observer.Kept(p.pid, t.plan.Policy.Phases[p.phase].Name)
	for _, th := range p.threads {
		// They are let go at the stop that this makes.
		_ = kernel.PtraceInterrupt(th.tid)
	}
}

// sighted is a thread that has made a call that may begin a phase.
func (t *tracer) sighted(s sighting) {
	t.collect()
	if s.lost {
		t.untraceable(t.plan.Target, errTooMany)
	}
	p := t.processes[s.pid]
	if p == nil {
		return
	}
	trigger := t.waitsFor(p)
	if trigger != nil && !trigger.Ready && trigger.Call.Fits(&s.call) && trigger.In(s.tid == s.pid, s.name) {
		t.advance(p, t.next(p))
	}
}

// serviceReady is a service that has told its manager that it is up.
func (t *tracer) serviceReady(from int) {
	if !t.ours[from] {
		return
	}
	for _, p := range t.processes {
		if trigger := t.waitsFor(p); trigger != nil && trigger.Ready {
			t.advance(p, t.next(p))
		}
	}
}
