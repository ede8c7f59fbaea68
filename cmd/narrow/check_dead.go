package main

import (
	"fmt"
	"iter"
	"slices"

	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// deadRules warns of each place in the text whose rules can never decide, in no
// list of any phase, thread class and architecture, by the verifier's exact
// answer. It leaves out what the resolver's own warnings name already, and what
// is shadowed only as long as a param has its present value.
func deadRules(v *verify.Prover, p *policy.Policy, f *policy.File) policy.ErrorList {
	told := map[policy.Pos]bool{}
	for _, w := range p.Warnings {
		told[w.Pos] = true
	}
	dead, order := gatherDead(v, p)
	conditional := conditionalCalls(f)
	var list policy.ErrorList
	for _, at := range order {
		_, rule := conditional[at] // else it is a member of a set
		if d := dead[at]; d != nil && rule && !told[at] && worthTelling(d, f.Name, conditional) {
			by, more := d.By[0], ""
			if n := len(d.By) - 1; n > 0 {
				more = fmt.Sprintf(", or one of %d other rules,", n)
			}
			list = append(list, &policy.Error{
				Pos:  at,
				What: fmt.Sprintf("%s %s can never decide", d.Rule.Verdict, d.Rule.Text),
				Want: fmt.Sprintf("%s %s at %s%s decides before it", by.Verdict, by.Text, by.Pos, more),
				Hint: "remove it, or move it up",
			})
		}
	}
	return list
}

// gatherDead finds the places of which every rule is dead in every list, and
// one dead rule of each; a place that lives has nil, and is not asked about
// again. A limit of the verifier leaves all of its list alive.
func gatherDead(v *verify.Prover, p *policy.Policy) (map[policy.Pos]*verify.DeadRule, []policy.Pos) {
	places := map[policy.Pos]*verify.DeadRule{}
	var order []policy.Pos
	open := func(rule *policy.RuleMatch) bool {
		d, seen := places[rule.Pos]
		return written(rule) && (!seen || d != nil)
	}
	for _, rules := range rulesOf(p) {
		list, _ := v.Dead(rules, open)
		dead := map[*policy.RuleMatch]*verify.DeadRule{}
		for i := range list {
			dead[list[i].Rule] = &list[i]
		}
		for rule := range eachRule(rules) {
			if !written(rule) {
				continue
			}
			if _, seen := places[rule.Pos]; !seen {
				order = append(order, rule.Pos)
				places[rule.Pos] = dead[rule]
			} else if dead[rule] == nil {
				places[rule.Pos] = nil
			}
		}
	}
	return places, order
}

// rulesOf lists the rules of every phase and thread class.
func rulesOf(p *policy.Policy) []*policy.Rules {
	var all []*policy.Rules
	for _, ph := range p.Phases {
		all = append(all, ph.Own)
		for _, c := range ph.Classes {
			all = append(all, c.Rules)
		}
	}
	return all
}

// eachRule visits the rules of every list.
func eachRule(r *policy.Rules) iter.Seq[*policy.RuleMatch] {
	return func(yield func(*policy.RuleMatch) bool) {
		for _, a := range r.Arches {
			for _, list := range a.Lists {
				for _, rule := range list {
					if !yield(rule) {
						return
					}
				}
			}
		}
	}
}

// written reports whether a rule stands in the text as such.
func written(rule *policy.RuleMatch) bool {
	switch rule.Origin {
	case policy.FromThread, policy.FromPhase, policy.FromTop:
		return true
	}
	return false
}

// worthTelling leaves out rules that contradict themselves, which the resolver
// tells better, those that narrow's own rules shadow, and those that a rule
// under a `when`, or one of an included file, may shadow for now only.
func worthTelling(d *verify.DeadRule, file string, conditional map[policy.Pos]bool) bool {
	for _, by := range d.By {
		if by.Origin == policy.FromKernel || by.Pos.File != file || conditional[by.Pos] {
			return false
		}
	}
	return len(d.By) > 0
}

// conditionalCalls are the places of the calls in the rules of a text, and of
// the blocks that imply some, true for those that depend on a `when`.
func conditionalCalls(f *policy.File) map[policy.Pos]bool {
	places := map[policy.Pos]bool{}
	var walk func(stmts []policy.Stmt, under bool)
	walk = func(stmts []policy.Stmt, under bool) {
		for _, stmt := range stmts {
			switch n := stmt.(type) {
			case *policy.When:
				walk(n.Block, true)
			case *policy.Phase:
				walk(n.Block, under)
			case *policy.Thread:
				walk(n.Block, under)
			case *policy.Files:
				places[n.Place()] = under || hasWhen(n.Block)
			case *policy.Network:
				places[n.Place()] = under || hasWhen(n.Block)
			case *policy.Rule:
				for _, call := range n.Calls {
					places[call.Pos] = places[call.Pos] || under
				}
			}
		}
	}
	walk(f.Stmts, false)
	return places
}

func hasWhen(block []policy.Stmt) bool {
	return slices.ContainsFunc(block, func(s policy.Stmt) bool {
		_, ok := s.(*policy.When)
		return ok
	})
}
