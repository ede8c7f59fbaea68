package tracer

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/policy"
)

// Denied is calls that a rule would have denied, by threads of one name in one
// phase.
type Denied struct {
	Phase    string
	Name     string   // the thread's, as a policy calls it
	Class    string   // whose rules it would have; "" is the unnamed one
	Call     bpf.Data // the first of them
	Decision explain.Decision
	Count    int
}

// Audit is what an audit has seen.
type Audit struct {
	Denied []*Denied // in the order of their first calls
	Lost   int       // calls whose thread ended before they could be looked at
}

// auditRules notify of every call that some thread might not make in some of
// the phases, whatever its arguments: which of them would be denied, and when,
// the supervisor finds out.
func auditRules(arches []*abi.Arch, phases []*policy.PhaseRules) *policy.Rules {
	notify := policy.Verdict{Kind: policy.Notify}
	rules := &policy.Rules{Else: notify}
	for _, arch := range arches {
		a := &policy.ArchRules{Arch: arch}
		list := policy.List{}
		for _, call := range arch.Calls() {
			if neverDenied(arch, uint64(call.Nr), phases) {
				list = append(list, &policy.RuleMatch{Verdict: policy.Verdict{Kind: policy.Allow}, Numbers: []policy.Range{{Low: uint64(call.Nr), High: uint64(call.Nr)}}, Text: call.Name})
			}
		}
		list = append(list, &policy.RuleMatch{Verdict: notify, Numbers: everyNumber(arch, phases[0]), Text: "*", Origin: policy.FromDefault})
		a.Lists = []policy.List{list}
		rules.Arches = append(rules.Arches, a)
	}
	return rules
}

// everyNumber is what the last rule of a list matches: every call of the arch.
func everyNumber(arch *abi.Arch, phase *policy.PhaseRules) []policy.Range {
	list := phase.Own.On(arch).Lists[0]
	return list[len(list)-1].Numbers
}

// neverDenied reports whether every thread may make the call in every phase,
// with any arguments.
func neverDenied(arch *abi.Arch, nr uint64, phases []*policy.PhaseRules) bool {
	for _, phase := range phases {
		for _, c := range append([]*policy.Class{nil}, phase.Classes...) {
			for _, list := range phase.RulesOf(c).On(arch).Lists {
				if !allowsAll(list, nr) {
					return false
				}
			}
		}
	}
	return true
}

// allowsAll reports whether the first rule about the number lets it run,
// without a condition.
func allowsAll(list policy.List, nr uint64) bool {
	for _, m := range list {
		for _, r := range m.Numbers {
			if r.Low <= nr && nr <= r.High {
				return len(m.Conds) == 0 && (m.Verdict.Kind == policy.Allow || m.Verdict.Kind == policy.Log)
			}
		}
	}
	return false
}
