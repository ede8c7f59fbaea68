package tracer

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

// auditor answers the calls of an audited program: all of them run, and those
// that the policy would have stopped are counted. It has a goroutine of its own,
// as the tracer's thread itself may wait for a call of the program's.
type auditor struct {
	policy  *policy.Policy
	first   int
	program bpf.Program

	mu     sync.Mutex
	begun  bool        // the program runs: calls are its own
	phases map[int]int // of each process
	seen   map[deniedKey]*Denied
	audit  Audit
}

// deniedKey is what is counted together.
type deniedKey struct {
	phase int
	name  string
	nr    uint32
	arch  uint32
	rule  *policy.RuleMatch
}

// newAuditor makes the filter; nil if no audit is asked for.
func newAuditor(plan *Plan) (*auditor, error) {
	if !plan.Audit {
		return nil, nil
	}
	a := &auditor{policy: plan.Policy, first: plan.First, phases: map[int]int{}, seen: map[deniedKey]*Denied{}}
	var err error
	a.program, err = proved.Remember().Filter(auditRules(plan.Policy.Arches, plan.Policy.Phases[plan.First:plan.Last+1]))
	return a, err
}

// begin says that from now on the calls are the program's own.
func (a *auditor) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begun = true
}

// enter notes the phase of a process; a nil auditor notes nothing.
func (a *auditor) enter(pid, phase int) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.phases[pid] = phase
}

// result is what has been seen so far.
func (a *auditor) result() Audit {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.audit
}

// serve answers calls until the listener is of no use. A call that is not
// answered is told of only once (it waits, and no signal restarts it).
func (a *auditor) serve(listener int) {
	defer kernel.Close(listener)
	for {
		n, err := kernel.NotifRecv(listener)
		switch {
		case errors.Is(err, unix.ENOENT) && kernel.NotifOver(listener):
			return
		case errors.Is(err, unix.ENOENT):
			a.lose()
			continue
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return
		}
		a.look(int(n.PID), &n.Data)
		if kernel.NotifSend(listener, kernel.NotifResponse{ID: n.ID, Flags: kernel.NotifContinue}) != nil {
			a.lose()
		}
	}
}

func (a *auditor) lose() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.audit.Lost++
}

// look counts a call that would be denied. Its thread waits meanwhile, so what
// /proc says of it is true.
func (a *auditor) look(tid int, d *bpf.Data) {
	s, err := kernel.ThreadStatus(tid, tid)
	if err != nil {
		a.lose()
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.begun {
		return
	}
	phase, known := a.phases[s.TGID]
	if parent, ok := a.phases[s.PPID]; !known && ok {
		phase = parent
	} else if !known {
		phase = a.first
	}
	first := s.TGID == tid
	decision := explain.Decide(a.stack(phase, first, s.Name), d)
	if !decision.Verdict.Kind.Runs() {
		a.count(phase, first, s.Name, d, decision)
	}
}

// stack is the filters that the thread would have.
func (a *auditor) stack(phase int, first bool, name string) []*policy.Rules {
	var stack []*policy.Rules
	for _, ph := range a.policy.Phases[a.first : phase+1] {
		if !ph.Unfiltered() {
			stack = append(stack, ph.RulesOf(ph.ClassOf(first, name)))
		}
	}
	return stack
}

func (a *auditor) count(phase int, first bool, name string, d *bpf.Data, decision explain.Decision) {
	ph := a.policy.Phases[phase]
	class := ""
	if c := ph.ClassOf(first, name); c != nil {
		class = c.Name
	}
	if first {
		name = policy.Main
	}
	key := deniedKey{phase, name, d.Nr, d.Arch, decision.Rule}
	one := a.seen[key]
	if one == nil {
		one = &Denied{Phase: ph.Name, Name: name, Class: class, Call: *d, Decision: decision}
		a.seen[key] = one
		a.audit.Denied = append(a.audit.Denied, one)
	}
	one.Count++
}
