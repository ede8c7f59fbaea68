package main

import (
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// decider finds the rule that decides a call as Rules.Evaluate does, but looks
// only at the rules for the call's own number, which it sorts out beforehand.
// It never changes.
type decider struct {
	rules  *policy.Rules
	arches []*numbered
}

func newDecider(r *policy.Rules) *decider {
	x := &decider{rules: r}
	for _, a := range r.Arches {
		x.arches = append(x.arches, byNumber(r, a))
	}
	return x
}

// decide returns the rule that decides d; nil if d is of an ABI that the
// policy leaves to its else.
func (x *decider) decide(d *bpf.Data) *policy.RuleMatch {
	_, rule := x.evaluate(d)
	return rule
}

// evaluate is Rules.Evaluate.
func (x *decider) evaluate(d *bpf.Data) (policy.Verdict, *policy.RuleMatch) {
	for _, n := range x.arches {
		if n.arch.Audit == d.Arch && n.arch.Owns(d.Nr) {
			return n.rules[n.run(d.Nr)].Evaluate(d)
		}
	}
	return x.rules.Else, nil
}

// numbered is the rules of an architecture by call number, in runs of numbers
// that the same rules are about.
type numbered struct {
	arch   *abi.Arch
	starts []uint32 // of the runs, from 0 on
	rules  []policy.Rules
}

func byNumber(r *policy.Rules, a *policy.ArchRules) *numbered {
	n := &numbered{arch: a.Arch, starts: runsOf(a)}
	only := make([]policy.ArchRules, len(n.starts))
	n.rules = make([]policy.Rules, len(n.starts))
	for i := range n.rules {
		only[i] = policy.ArchRules{Arch: a.Arch, Lists: make([]policy.List, len(a.Lists))}
		n.rules[i] = policy.Rules{Arches: []*policy.ArchRules{&only[i]}, Else: r.Else, ElseAt: r.ElseAt}
	}
	for l, list := range a.Lists {
		for _, rule := range list {
			for _, of := range rule.Numbers {
				for i := n.run(uint32(of.Low)); i < len(n.starts) && uint64(n.starts[i]) <= of.High; i++ {
					only[i].Lists[l] = append(only[i].Lists[l], rule)
				}
			}
		}
	}
	return n
}

// runsOf is the numbers from which on other rules apply than before.
func runsOf(a *policy.ArchRules) []uint32 {
	starts := []uint32{0}
	for _, list := range a.Lists {
		for _, rule := range list {
			for _, of := range rule.Numbers {
				starts = append(starts, uint32(of.Low), uint32(of.High+1)) // after the last number it is 0
			}
		}
	}
	slices.Sort(starts)
	return slices.Compact(starts)
}

// run is the place of the run that has a number.
func (n *numbered) run(nr uint32) int {
	i, found := slices.BinarySearch(n.starts, nr)
	if found {
		return i
	}
	return i - 1
}
