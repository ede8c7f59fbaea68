package main

import (
	"sync"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// deciderCache bounds the numbers whose rules a decider remembers.
const deciderCache = 1 << 14

// decider finds the rule that decides a call as Rules.Evaluate does, but looks
// only at the rules for the call's own number, which it gathers once.
type decider struct {
	rules *policy.Rules

	mu     sync.RWMutex
	narrow map[uint64]*policy.Rules // by audit arch and number
}

func newDecider(r *policy.Rules) *decider {
	return &decider{rules: r, narrow: map[uint64]*policy.Rules{}}
}

// decide returns the rule that decides d; nil if d is of an ABI that the
// policy leaves to its else.
func (x *decider) decide(d *bpf.Data) *policy.RuleMatch {
	_, rule := x.evaluate(d)
	return rule
}

// evaluate is Rules.Evaluate.
func (x *decider) evaluate(d *bpf.Data) (policy.Verdict, *policy.RuleMatch) {
	key := uint64(d.Arch)<<32 | uint64(d.Nr)
	x.mu.RLock()
	r, ok := x.narrow[key]
	x.mu.RUnlock()
	if !ok {
		r = onlyNumber(x.rules, d)
		x.mu.Lock()
		if len(x.narrow) < deciderCache {
			x.narrow[key] = r
		}
		x.mu.Unlock()
	}
	return r.Evaluate(d)
}

// onlyNumber is r without the rules that cannot match d's number.
func onlyNumber(r *policy.Rules, d *bpf.Data) *policy.Rules {
	out := &policy.Rules{Else: r.Else, ElseAt: r.ElseAt}
	for _, a := range r.Arches {
		if a.Arch.Audit != d.Arch || !a.Arch.Owns(d.Nr) {
			continue
		}
		own := &policy.ArchRules{Arch: a.Arch}
		for _, list := range a.Lists {
			own.Lists = append(own.Lists, matching(list, d.Nr))
		}
		out.Arches = append(out.Arches, own)
	}
	return out
}

func matching(list policy.List, nr uint32) policy.List {
	var out policy.List
	for _, rule := range list {
		for _, n := range rule.Numbers {
			if n.Low <= uint64(nr) && uint64(nr) <= n.High {
				out = append(out, rule)
				break
			}
		}
	}
	return out
}
