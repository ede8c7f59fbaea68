package launch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// entry is what holds when a program starts in a phase: the phase's rules, and
// the allow-lists of all phases up to it, which stack.
type entry struct {
	name    string
	phase   *policy.PhaseRules
	files   []*policy.FilesRules
	network []*policy.NetworkRules
	labels  []policy.LabelRule
}

// choose finds the phase to start in; "" is the first.
func choose(p *policy.Policy, name string) (*entry, error) {
	at := 0
	if name != "" {
		at = phaseNamed(p, name)
		if at < 0 {
			return nil, fmt.Errorf("policy %s has no phase %q; it has %s", p.Name, name, strings.Join(phaseNames(p), ", "))
		}
	}
	e := &entry{name: p.Phases[at].Name, phase: p.Phases[at]}
	for _, phase := range p.Phases[:at+1] {
		e.files = append(e.files, phase.Files...)
		e.network = append(e.network, phase.Network...)
		if len(phase.Labels) > 0 {
			e.labels = phase.Labels
		}
	}
	return e, nil
}

func phaseNamed(p *policy.Policy, name string) int {
	for i, phase := range p.Phases {
		if phase.Name == name {
			return i
		}
	}
	return -1
}

func phaseNames(p *policy.Policy) []string {
	names := make([]string, len(p.Phases))
	for i, phase := range p.Phases {
		names[i] = phase.Name
	}
	return names
}

// entered lists the phases that are entered from outside when a program starts
// in a phase: that one, and unless it was asked for by name those behind it
// that begin by a trigger, with what lies between.
func entered(p *policy.Policy, asked string) []*policy.PhaseRules {
	first, last := 0, 0
	if asked != "" {
		first = max(phaseNamed(p, asked), 0)
		last = first
	} else {
		for i, phase := range p.Phases {
			if phase.Trigger != nil {
				last = i
			}
		}
	}
	return p.Phases[first : last+1]
}

// untraced lists what of the phases needs a tracer, where there is none.
func untraced(phases []*policy.PhaseRules) []error {
	var reasons []error
	for _, phase := range phases[1:] {
		if phase.Trigger != nil {
			reasons = append(reasons, fmt.Errorf("%v: phase %s begins by a trigger, and there is no tracer that would wait for it", phase.Pos, phase.Name))
		}
	}
	return reasons
}

// never lists the phases of a policy for some architectures that would not
// begin, as this machine does not have the call that is their trigger.
func never(arches []*abi.Arch, phases []*policy.PhaseRules) []error {
	var reasons []error
	here := abi.Native()
	for _, phase := range phases[1:] {
		t := phase.Trigger
		if here == nil || t == nil || t.Ready || t.Call.Has(here) {
			continue
		}
		why := fmt.Sprintf("which %s does not have, so that it would never begin; wait for a set of calls, such as @epoll-wait", here)
		if !slices.Contains(arches, here) {
			why = fmt.Sprintf("and would never begin: the policy's arch line does not have %s, which this machine is", here)
		}
		reasons = append(reasons, fmt.Errorf("%v: phase %s begins after %s, %s", t.Pos, phase.Name, t.Call.Text, why))
	}
	return reasons
}

// unsupervised lists the rules of the phase whose verdict needs somebody beside
// the program to answer.
func unsupervised(phase *policy.PhaseRules) []error {
	var reasons []error
	seen := map[policy.Pos]bool{}
	eachRule(phase, func(r *policy.RuleMatch) {
		if k := r.Verdict.Kind; (k == policy.Trace || k == policy.Notify) && !seen[r.Pos] {
			seen[r.Pos] = true
			reasons = append(reasons, fmt.Errorf("%v: %v %s needs a supervisor that answers, and run has none", r.Pos, k, r.Text))
		}
	})
	for _, rules := range ruleSets(phase) {
		if k := rules.Else.Kind; (k == policy.Trace || k == policy.Notify) && !seen[rules.ElseAt] {
			seen[rules.ElseAt] = true
			reasons = append(reasons, fmt.Errorf("%v: else %v needs a supervisor that answers, and run has none", rules.ElseAt, k))
		}
	}
	return reasons
}

// classes lists the thread classes of the phase.
func classes(phase *policy.PhaseRules) []string {
	var names []string
	for _, c := range phase.Classes {
		names = append(names, c.Name)
	}
	return names
}

// ruleSets lists the rules of the phase and of its thread classes.
func ruleSets(phase *policy.PhaseRules) []*policy.Rules {
	sets := []*policy.Rules{phase.Own}
	for _, c := range phase.Classes {
		sets = append(sets, c.Rules)
	}
	return sets
}

func eachRule(phase *policy.PhaseRules, visit func(*policy.RuleMatch)) {
	for _, rules := range ruleSets(phase) {
		for _, arch := range rules.Arches {
			for _, list := range arch.Lists {
				for _, r := range list {
					visit(r)
				}
			}
		}
	}
}

// elseRuns reports whether calls by ABIs outside the policy's arch line may run.
func elseRuns(phase *policy.PhaseRules) bool { return phase.Own.Else.Kind >= policy.Log }

// mode1 refuses the kernel's mode 1 from the start on.
func mode1(phase *policy.PhaseRules) []error {
	if !phase.Strict {
		return nil
	}
	return []error{fmt.Errorf("%v: strict is the kernel's mode 1, which does not let run's own execve through; use @strict", phase.Pos)}
}

// labelled lists the later phases that change a label, which only the process
// itself can do.
func labelled(phases []*policy.PhaseRules) []error {
	var reasons []error
	for _, phase := range phases[1:] {
		if len(phase.Labels) > 0 {
			reasons = append(reasons, fmt.Errorf("%v: phase %s changes a label, which a program can only do for itself; put the label in the first phase", phase.Labels[0].Pos, phase.Name))
		}
	}
	return reasons
}
