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
// place. Defaults that earlier rules leave nothing to are among them. The
// error is an UnknownError.
func (p *Prover) Dead(r *policy.Rules) ([]DeadRule, error) {
	return list(p, func(s *space) ([]DeadRule, error) {
		var dead []DeadRule
		for _, a := range r.Arches {
			for _, l := range a.Lists {
				dead = append(dead, s.dead(a.Arch, l)...)
			}
		}
		return dead, nil
	})
}

func (s *space) dead(a *abi.Arch, list policy.List) []DeadRule {
	var dead []DeadRule
	fit := make([]node, len(list))
	owned := s.owned(a)
	open := owned // the calls that no rule has decided yet
	for i, rule := range list {
		fit[i] = s.and(owned, s.match(rule.Numbers, rule.Conds))
		if s.and(open, fit[i]) == no {
			dead = append(dead, DeadRule{Arch: a, Rule: rule, By: s.shadows(list[:i], fit[:i], fit[i])})
		}
		open = s.minus(open, fit[i])
	}
	return dead
}

// shadows are the rules that decide the calls of a set.
func (s *space) shadows(earlier policy.List, fit []node, set node) []*policy.RuleMatch {
	var by []*policy.RuleMatch
	for i, rule := range earlier {
		if rest := s.minus(set, fit[i]); rest != set {
			by = append(by, rule)
			set = rest
		}
	}
	return by
}
