package verify

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// rules builds the function of Rules: every list from its last rule up, then
// the lists of an arch joined, then the arches above the verdict for others.
func (s *space) rules(r *policy.Rules) node {
	f := s.leaf(canonical(r.Else.Action()))
	for i := len(r.Arches) - 1; i >= 0; i-- {
		a := r.Arches[i]
		f = s.choose(s.owned(a.Arch), s.lists(a.Lists), f)
	}
	return f
}

// lists is the mildest verdict of several lists, ties to the earlier.
func (s *space) lists(lists []policy.List) node {
	if len(lists) == 0 {
		return s.leaf(bpf.RetKillProcess)
	}
	f := s.list(lists[0])
	for _, l := range lists[1:] {
		f = s.combine(opMildest, f, s.list(l))
	}
	return f
}

// list is the verdict of the first rule that matches. Where none does, which
// no resolved list allows, it is the strictest.
func (s *space) list(list policy.List) node {
	f := s.leaf(bpf.RetKillProcess)
	for i := len(list) - 1; i >= 0; i-- {
		rule := list[i]
		f = s.choose(s.match(rule), s.leaf(canonical(rule.Verdict.Action())), f)
	}
	return f
}

// match is the set of calls that fit a rule. Thread classes share most of their
// rules, so it is found once.
func (s *space) match(rule *policy.RuleMatch) node {
	set, ok := s.matched[rule]
	if !ok {
		set = s.conjunction(rule.Numbers, rule.Conds)
		if s.stopped == "" {
			s.matched[rule] = set
		}
	}
	return set
}

// conjunction is the set of calls with one of the numbers that fit all
// conditions.
func (s *space) conjunction(numbers []policy.Range, conds []policy.Cond) node {
	set := s.within(s.inputs[wordNr][:], 1<<32-1, numbers)
	for i := range conds {
		set = s.and(set, s.cond(&conds[i]))
	}
	return set
}

// cond is the set of calls that fit a condition.
func (s *space) cond(c *policy.Cond) node {
	return s.within(s.operand(c.Operand), c.Mask, c.Ranges)
}

// operand is the bits that a condition reads, the least significant first.
func (s *space) operand(o policy.Operand) []node {
	if o.Reg < 0 || o.Reg > 5 || o.High > 5 || o.Bits > 64 {
		s.stop("a condition reads %d bits of registers %d and %d, which no call has", o.Bits, o.Reg, o.High)
		return nil
	}
	low, high := s.inputs[lowWord(int(o.Reg))], s.inputs[highWord(int(o.Reg))]
	if o.High >= 0 {
		high = s.inputs[lowWord(int(o.High))]
	}
	return append(append(make([]node, 0, 64), low[:]...), high[:]...)[:o.Bits]
}

// pattern is the set of calls that fit a pattern. It is found once: a line of a
// policy's tests is asked in each thread class.
func (s *space) pattern(p *policy.Pattern) node {
	if set, ok := s.fit[p]; ok {
		return set
	}
	set := no
	for _, a := range p.Arches {
		fit := no
		for _, m := range a.Match {
			fit = s.or(fit, s.conjunction(m.Numbers, m.Conds))
		}
		set = s.or(set, s.and(s.owned(a.Arch), fit))
	}
	if s.stopped == "" {
		s.fit[p] = set
	}
	return set
}

// within is the set of calls for which bits & mask, read as a number, is in
// one of the ranges. What does not ascend could mean something else to the
// reference, so nothing is said of it.
func (s *space) within(bits []node, mask uint64, ranges []policy.Range) node {
	for i, r := range ranges {
		if r.Low > r.High || i > 0 && r.Low <= ranges[i-1].High {
			s.stop("the ranges of a rule are not in ascending order: %v", ranges)
			return no
		}
	}
	return s.between(bits, mask, 0, ranges)
}

// between looks at the numbers that begin with base and go on with bits.
func (s *space) between(bits []node, mask, base uint64, ranges []policy.Range) node {
	last := base | (1<<len(bits) - 1)
	for len(ranges) > 0 && ranges[0].High < base {
		ranges = ranges[1:]
	}
	switch {
	case len(ranges) == 0 || ranges[0].Low > last:
		return no
	case ranges[0].Low <= base && last <= ranges[0].High:
		return yes
	}
	n := len(bits) - 1
	low := s.between(bits[:n], mask, base, ranges)
	if mask>>n&1 == 0 {
		return low
	}
	return s.choose(bits[n], s.between(bits[:n], mask, base|1<<n, ranges), low)
}
