package tracer

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// parcel is a Plan as it is sent. Most rules stand in the lists of many thread
// classes, and each is sent once; the policy's tests and warnings stay behind.
type parcel struct {
	Plan  Plan // with a policy whose lists are empty
	Rules []*policy.RuleMatch
	Lists [][]int // the rules of each list, by their place in Rules
}

func pack(plan Plan) *parcel {
	p := &parcel{Plan: plan}
	p.Plan.Policy = withoutLists(plan.Policy)
	places := map[*policy.RuleMatch]int{}
	eachArch(plan.Policy, func(a *policy.ArchRules) {
		for _, list := range a.Lists {
			at := make([]int, len(list))
			for i, rule := range list {
				place, known := places[rule]
				if !known {
					place = len(p.Rules)
					places[rule] = place
					p.Rules = append(p.Rules, rule)
				}
				at[i] = place
			}
			p.Lists = append(p.Lists, at)
		}
	})
	return p
}

// withoutLists is a copy of what a tracer needs of a policy, but for its lists.
func withoutLists(p *policy.Policy) *policy.Policy {
	bare := *p
	bare.Tests, bare.Warnings = nil, nil
	bare.Phases = make([]*policy.PhaseRules, len(p.Phases))
	for i, phase := range p.Phases {
		copied := *phase
		copied.Own = emptied(phase.Own)
		copied.Classes = make([]*policy.Class, len(phase.Classes))
		for j, class := range phase.Classes {
			c := *class
			c.Rules = emptied(class.Rules)
			copied.Classes[j] = &c
		}
		bare.Phases[i] = &copied
	}
	return &bare
}

func emptied(r *policy.Rules) *policy.Rules {
	empty := &policy.Rules{Else: r.Else, ElseAt: r.ElseAt}
	for _, a := range r.Arches {
		empty.Arches = append(empty.Arches, &policy.ArchRules{Arch: a.Arch, Lists: make([]policy.List, len(a.Lists))})
	}
	return empty
}

// unpack is the plan that was packed. Architectures came without their calls,
// and become the tables' own, which are also told apart by their address.
func (p *parcel) unpack() *Plan {
	lists := p.Lists
	eachArch(p.Plan.Policy, func(a *policy.ArchRules) {
		tabled(&a.Arch)
		for i := range a.Lists {
			for _, at := range lists[0] {
				a.Lists[i] = append(a.Lists[i], p.Rules[at])
			}
			lists = lists[1:]
		}
	})
	for i := range p.Plan.Policy.Arches {
		tabled(&p.Plan.Policy.Arches[i])
	}
	for _, phase := range p.Plan.Policy.Phases {
		if phase.Trigger == nil || phase.Trigger.Call == nil {
			continue
		}
		for i := range phase.Trigger.Call.Arches {
			tabled(&phase.Trigger.Call.Arches[i].Arch)
		}
	}
	return &p.Plan
}

func tabled(a **abi.Arch) { *a, _ = abi.ByName((*a).Name) }

// eachArch visits the rules of every phase, thread class and architecture.
func eachArch(p *policy.Policy, visit func(*policy.ArchRules)) {
	rules := func(r *policy.Rules) {
		for _, a := range r.Arches {
			visit(a)
		}
	}
	for _, phase := range p.Phases {
		rules(phase.Own)
		for _, class := range phase.Classes {
			rules(class.Rules)
		}
	}
}
