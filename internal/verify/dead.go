package verify

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// DeadRule is a rule that decides no call of an architecture.
type DeadRule struct {
	Arch *abi.Arch
	Rule *policy.RuleMatch

	// By are the earlier rules that decide all the calls which fit it, in
	// their order. Without any, its conditions contradict each other.
	By []*policy.RuleMatch
}

// Dead lists the rules that can never decide, by architecture, list and
// place, of those that are asked about. Defaults that earlier rules leave
// nothing to are among them. The error is an UnknownError.
func (p *Prover) Dead(r *policy.Rules, asked func(*policy.RuleMatch) bool) ([]DeadRule, error) {
	return list(p, func(s *space) ([]DeadRule, error) {
		var dead []DeadRule
		for _, a := range r.Arches {
			for _, l := range a.Lists {
				dead = append(dead, s.dead(a.Arch, l, asked)...)
			}
		}
		return dead, nil
	})
}

func (s *space) dead(a *abi.Arch, list policy.List, asked func(*policy.RuleMatch) bool) []DeadRule {
	var dead []DeadRule
	owned := s.within1(s.owned(a), wordArch, a.Audit)
	for i, rule := range list {
		if !asked(rule) {
			continue
		}
		set := s.and(owned, s.match(rule))
		if s.open(list[:i], rule, set) == no {
			dead = append(dead, DeadRule{Arch: a, Rule: rule, By: s.shadows(list[:i], set)})
		}
	}
	return dead
}

// open is the calls that fit a rule, but for those that earlier rules decide.
// Most earlier rules are about other numbers.
func (s *space) open(earlier policy.List, rule *policy.RuleMatch, set node) node {
	for i := 0; i < len(earlier) && set != no; i++ {
		if policy.Overlap(earlier[i].Numbers, rule.Numbers) {
			set = s.minus(set, s.match(earlier[i]))
		}
	}
	return set
}

// shadows are the rules that decide the calls of a set.
func (s *space) shadows(earlier policy.List, set node) []*policy.RuleMatch {
	var by []*policy.RuleMatch
	for _, rule := range earlier {
		if rest := s.minus(set, s.match(rule)); rest != set {
			by = append(by, rule)
			set = rest
		}
	}
	return by
}
