package compile

import (
	"slices"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// verdictOf is what the Rules say of a call, slow and obvious. It is kept apart
// from policy's own evaluation, so that a fault would have to be in both.
func verdictOf(r *policy.Rules, d *bpf.Data) policy.Verdict {
	for _, a := range r.Arches {
		if a.Arch.Audit != d.Arch || !a.Arch.Owns(d.Nr) {
			continue
		}
		best := firstMatch(a.Lists[0], d)
		for _, list := range a.Lists[1:] {
			if v := firstMatch(list, d); best.Stricter(v) {
				best = v
			}
		}
		return best
	}
	return r.Else
}

func firstMatch(list policy.List, d *bpf.Data) policy.Verdict {
	for _, rule := range list {
		if matches(rule, d) {
			return rule.Verdict
		}
	}
	panic("a list without a last rule")
}

func matches(rule *policy.RuleMatch, d *bpf.Data) bool {
	if !within(uint64(d.Nr), rule.Numbers) {
		return false
	}
	for _, c := range rule.Conds {
		if !within(c.Operand.Value(d)&c.Mask, c.Ranges) {
			return false
		}
	}
	return true
}

func within(v uint64, ranges []policy.Range) bool {
	return slices.ContainsFunc(ranges, func(r policy.Range) bool { return r.Low <= v && v <= r.High })
}
