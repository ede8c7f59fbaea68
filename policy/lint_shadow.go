package policy

import (
	"fmt"
	"maps"
	"slices"
)

// lintShadowed warns of each call in a rule that never decides in any list
// where it stands, and names what decides before it. Rules under a `when` that
// need not hold do not count against those that stand without it.
func (r *resolver) lintShadowed() {
	var dead []*use // somewhere, in the order in which that was found
	budget := shadowBudget
	for _, l := range r.made {
		list := asked(l.entries)
		s := shadows{single: map[uint64][]entry{}, whole: make([]entry, 0, len(list)), budget: &budget}
		for _, e := range list {
			if e.asked() {
				by, shadowed := s.shadow(e)
				e.use.decides = !shadowed
				if shadowed && e.use.shadow.RuleMatch == nil {
					e.use.shadow = by
					dead = append(dead, e.use)
				}
			}
			if e.Origin != FromKernel && !r.conditional[e.Pos] {
				s.add(e)
			}
		}
	}
	for _, u := range dead {
		if !u.decides {
			r.warnShadowed(u)
		}
	}
}

// asked is a list up to its last rule that is asked about: what comes after it
// shadows nothing that matters.
func asked(entries []entry) []entry {
	for i, e := range slices.Backward(entries) {
		if e.asked() {
			return entries[:i+1]
		}
	}
	return nil
}

// asked reports whether a rule stands in the text and has not been seen to
// decide.
func (e *entry) asked() bool { return e.use != nil && !e.use.decides }

// shadowBudget bounds how many pairs of rules with conditions are compared. A
// policy of a thousand such rules on one call needs half of it; rules beyond it
// are not warned of.
const shadowBudget = 1 << 20

func (r *resolver) warnShadowed(u *use) {
	what := fmt.Sprintf("%s %s can never decide", u.verdict, u.expr)
	if u.expr.Name == "restart_syscall" {
		return // told apart, if it is worth telling
	}
	by, hint := u.shadow, "remove it, or move it before that rule"
	if by.Origin == FromBlock {
		hint = "remove it: what the block implies comes before all rules"
	}
	r.warn(u.expr.Pos, what, fmt.Sprintf("%v %s at %s decides before it", by.Verdict, by.Text, by.Pos), hint)
}

// shadows is the rules of a list up to a point.
type shadows struct {
	covered []Range // the numbers that rules without conditions decide
	whole   []entry // those rules

	// The rules with conditions, and all that stand under a `when`: by their
	// number, and those with several.
	single map[uint64][]entry
	wide   []entry
	budget *int
}

func (s *shadows) add(e entry) {
	switch one := len(e.Numbers) == 1 && e.Numbers[0].Low == e.Numbers[0].High; {
	case len(e.Conds) == 0 && e.use.condition() == nil:
		s.whole = append(s.whole, e)
		for _, n := range e.Numbers {
			s.covered = insert(s.covered, n)
		}
	case one:
		nr := e.Numbers[0].Low
		s.single[nr] = append(s.single[nr], e)
	default:
		s.wide = append(s.wide, e)
	}
}

// partial is the rules with conditions on some of the numbers that stand
// wherever e does.
func (s *shadows) partial(e entry, numbers []Range) []entry {
	var some []entry
	add := func(rules []entry) {
		for _, p := range rules {
			if *s.budget--; e.use.cond.implies(p.use.condition()) && len(intersect(p.Numbers, numbers)) > 0 {
				some = append(some, p)
			}
		}
	}
	add(s.wide)
	if len(numbers) == 1 && numbers[0].Low == numbers[0].High {
		add(s.single[numbers[0].Low])
		return some
	}
	for _, nr := range slices.Sorted(maps.Keys(s.single)) {
		if has(numbers, nr) {
			add(s.single[nr])
		}
	}
	return some
}

// shadow reports whether the rules so far decide every call that e matches,
// and one of them that decides some.
func (s *shadows) shadow(e entry) (by entry, dead bool) {
	left := e.Numbers
	if len(left) == 1 && left[0].Low == left[0].High {
		if has(s.covered, left[0].Low) {
			return s.first(left[0].Low), true
		}
	} else if left = subtract(e.Numbers, s.covered); len(left) == 0 {
		return s.first(e.Numbers[0].Low), true
	}
	if *s.budget <= 0 {
		return entry{}, false
	}
	some := s.partial(e, left)
	if len(some) == 0 {
		return entry{}, false
	}
	at := starts(left, some)
	if !coveredAll(at, e, some) {
		return entry{}, false
	}
	for _, p := range some { // one that does it alone, if there is one
		if coveredAll(at, e, []entry{p}) {
			return p, true
		}
	}
	return some[0], true
}

// coveredAll reports whether the rules together match every call of all
// numbers that e matches.
func coveredAll(numbers []uint64, e entry, rules []entry) bool {
	return !slices.ContainsFunc(numbers, func(nr uint64) bool { return !coveredAt(nr, e, rules) })
}

// condition is the `when` blocks around a use; a block's implied rule has none.
func (u *use) condition() *condition {
	if u == nil {
		return nil
	}
	return u.cond
}

// first is the first whole rule for a number.
func (s *shadows) first(nr uint64) entry {
	for _, e := range s.whole {
		if has(e.Numbers, nr) {
			return e
		}
	}
	return entry{} // cannot be: it was covered
}

// starts is a number of each run of numbers in left that the rules treat alike.
func starts(left []Range, rules []entry) []uint64 {
	var out []uint64
	for _, l := range left {
		out = append(out, l.Low)
	}
	for _, e := range rules {
		for _, n := range e.Numbers {
			for _, nr := range [...]uint64{n.Low, n.High + 1} {
				if has(left, nr) {
					out = append(out, nr)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// coveredAt reports whether the rules together match every call of a number
// that e matches.
func coveredAt(nr uint64, e entry, rules []entry) bool {
	var earlier [][]Cond
	for _, p := range rules {
		if has(p.Numbers, nr) {
			if len(p.Conds) == 0 {
				return true
			}
			if !contradict(e.Conds, p.Conds) {
				earlier = append(earlier, p.Conds)
			}
		}
	}
	budget := escapeBudget
	return len(earlier) > 0 && !escapes(e.Conds, earlier, &budget)
}

// escapeBudget bounds the search for a call that no earlier rule matches. Where
// it does not suffice the rule counts as one that may decide.
const escapeBudget = 500

// escapes reports whether some call fits the conditions and, of each of the
// earlier rules, fails at least one.
func escapes(conds []Cond, earlier [][]Cond, budget *int) bool {
	if *budget--; *budget < 0 {
		return true
	}
	if !satisfiable(conds) {
		return false
	}
	if len(earlier) == 0 {
		return true
	}
	if contradict(conds, earlier[0]) || !satisfiable(append(slices.Clone(conds), earlier[0]...)) {
		return escapes(conds, earlier[1:], budget)
	}
	for _, c := range earlier[0] {
		c.Ranges = attain(c.Mask, complement(c.Ranges, c.Mask))
		if len(c.Ranges) > 0 && escapes(append(conds[:len(conds):len(conds)], c), earlier[1:], budget) {
			return true
		}
	}
	return false
}

// contradict reports whether a condition and one of the others ask for
// different values of the same bits. It is most of what makes conditions
// unsatisfiable together, and quickly seen.
func contradict(conds, others []Cond) bool {
	for i := range conds {
		for j := range others {
			a, b := &conds[i], &others[j]
			if a.Operand == b.Operand && a.Mask == b.Mask && !Overlap(a.Ranges, b.Ranges) {
				return true
			}
		}
	}
	return false
}
