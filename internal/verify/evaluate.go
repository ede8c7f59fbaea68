package verify

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

func (r rulesSource) answer(c *bpf.Data) (bpf.Action, error) {
	for _, a := range r.rules.Arches {
		if a.Arch.Audit == c.Arch && a.Arch.Owns(c.Nr) {
			return actionOf(evaluateLists(a.Lists, c)), nil
		}
	}
	return actionOf(r.rules.Else), nil
}

// evaluateLists is the mildest verdict of several lists, ties to the earlier.
func evaluateLists(lists []policy.List, c *bpf.Data) policy.Verdict {
	var mildest policy.Verdict
	for i, l := range lists {
		if v := evaluate(l, c); i == 0 || mildest.Stricter(v) {
			mildest = v
		}
	}
	return mildest
}

// evaluate is the verdict of the first rule that fits.
func evaluate(list policy.List, c *bpf.Data) policy.Verdict {
	for _, m := range list {
		if contains(m.Numbers, uint64(c.Nr)) && allHold(m.Conds, c) {
			return m.Verdict
		}
	}
	return policy.Verdict{}
}
