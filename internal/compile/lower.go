package compile

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// run is call numbers that are decided alike.
type run struct {
	span
	decision diagramID
}

// lower cuts the architecture's numbers into runs; numbers of an ABI with the
// same audit arch are in none.
func (d *diagrams) lower(a *policy.ArchRules) []run {
	var runs []run
	sweep(d.numbers(a), func(numbers span, active []residual) {
		if len(active) == 0 {
			return
		}
		runs = appendRun(runs, run{numbers, d.decide(active)})
	})
	return runs
}

// appendRun adds a run, or lengthens the last one.
func appendRun(runs []run, r run) []run {
	n := len(runs)
	if n > 0 && runs[n-1].decision == r.decision && runs[n-1].high+1 == r.low {
		runs[n-1].high = r.high
		return runs
	}
	return append(runs, r)
}

// numbers returns the rules as what applies to each number.
func (d *diagrams) numbers(a *policy.ArchRules) []item {
	var items []item
	owned := owns(a.Arch)
	order := int32(0)
	for i, list := range a.Lists {
		for _, rule := range list {
			r := residual{int32(i), d.verdict(rule.Verdict), d.rule(a.Arch, rule.Conds)}
			if r.conj == never {
				continue
			}
			for _, n := range rule.Numbers {
				items = appendOwned(items, owned, n, item{order: order, residual: r})
			}
			order++
		}
	}
	return items
}

// appendOwned adds the owned numbers among n.
func appendOwned(items []item, owned []span, n policy.Range, it item) []item {
	for _, o := range owned {
		it.low, it.high = max(uint32(n.Low), o.low), min(uint32(n.High), o.high)
		if it.low <= it.high {
			items = append(items, it)
		}
	}
	return items
}

// owns returns the numbers of an architecture. Only where two ABIs share an
// audit arch are these not all: of x86_64 and x32 one has those without bit 30,
// one those with it (abi.Arch.Owns).
func owns(a *abi.Arch) []span {
	var owned []span
	const quarter = 1 << 30
	for q := uint32(0); q < 4; q++ {
		low := q * quarter
		if !a.Owns(low) {
			continue
		}
		if n := len(owned); n > 0 && owned[n-1].high+1 == low {
			owned[n-1].high = low + quarter - 1
			continue
		}
		owned = append(owned, span{low, low + quarter - 1})
	}
	return owned
}
