package verify

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// fits tells whether one call fits a pattern: what space.pattern says of all,
// the slow way, to check a witness with.
func fits(p *policy.Pattern, call *bpf.Data) bool {
	for _, a := range p.Arches {
		if a.Arch.Audit != call.Arch || !a.Arch.Owns(call.Nr) {
			continue
		}
		for _, m := range a.Match {
			if contains(m.Numbers, uint64(call.Nr)) && allHold(m.Conds, call) {
				return true
			}
		}
	}
	return false
}

func allHold(conds []policy.Cond, call *bpf.Data) bool {
	for _, c := range conds {
		if !contains(c.Ranges, c.Operand.Value(call)&c.Mask) {
			return false
		}
	}
	return true
}

func contains(ranges []policy.Range, n uint64) bool {
	for _, r := range ranges {
		if r.Low <= n && n <= r.High {
			return true
		}
	}
	return false
}
