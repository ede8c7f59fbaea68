package compile

import (
	"cmp"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// Generators of Rules in which much is alike, so that sharing, reduction and
// overlaps are met, and of the calls at which they change their mind.

// pool is the values that conditions of one Rules are made of.
var pool = []uint64{
	0, 1, 2, 3, 7, 8, 0xf, 0x10, 0xff, 0x7fff, 0xffff, 0x10000, 0x7e020000, 0x7fffffff, 0x80000000, 0x80000001,
	0xfffffffe, 0xffffffff, 0x100000000, 0x100000001, 0x1ffffffff, 0x200000000, 0x7fffffffffffffff,
	0x8000000000000000, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff,
}

var verdictGen = rapid.Custom(func(t *rapid.T) policy.Verdict {
	v := policy.Verdict{Kind: policy.Kind(rapid.IntRange(0, 7).Draw(t, "kind"))}
	switch v.Kind {
	case policy.Errno, policy.Trap, policy.Trace:
		v.Data = rapid.SampledFrom([]uint16{0, 1, 38, 4095}).Draw(t, "data")
	}
	return v
})

func rangesGen(values []uint64, most uint64) *rapid.Generator[[]policy.Range] {
	return rapid.Custom(func(t *rapid.T) []policy.Range {
		var ranges []policy.Range
		for range rapid.IntRange(1, 4).Draw(t, "ranges") {
			low := min(rapid.SampledFrom(values).Draw(t, "low"), most)
			high := low
			if rapid.Bool().Draw(t, "wide") {
				high = min(rapid.SampledFrom(values).Draw(t, "high"), most)
			}
			ranges = append(ranges, policy.Range{Low: min(low, high), High: max(low, high)})
		}
		return normal(ranges)
	})
}

// normal sorts ranges and merges those that overlap or touch.
func normal(ranges []policy.Range) []policy.Range {
	slices.SortFunc(ranges, func(a, b policy.Range) int { return cmp.Compare(a.Low, b.Low) })
	out := ranges[:1]
	for _, r := range ranges[1:] {
		last := &out[len(out)-1]
		if r.Low <= last.High || r.Low == last.High+1 {
			last.High = max(last.High, r.High)
			continue
		}
		out = append(out, r)
	}
	return out
}

// condGen is of conditions on few operands, that they meet each other.
var condGen = rapid.Custom(func(t *rapid.T) policy.Cond {
	o := rapid.SampledFrom([]policy.Operand{
		{Reg: 0, High: -1, Bits: 64}, {Reg: 0, High: -1, Bits: 32}, {Reg: 1, High: -1, Bits: 64},
		{Reg: 1, High: -1, Bits: 16}, {Reg: 2, High: 3, Bits: 64}, {Reg: 3, High: 2, Bits: 64},
		{Reg: 5, High: -1, Bits: 32}, {Reg: 2, High: -1, Bits: 32},
	}).Draw(t, "operand")
	full := uint64(1)<<o.Bits - 1
	c := policy.Cond{Operand: o, Mask: full}
	if rapid.IntRange(0, 2).Draw(t, "masked") == 0 {
		c.Mask = full & (rapid.SampledFrom(pool).Draw(t, "mask") | rapid.SampledFrom(pool).Draw(t, "more"))
	}
	most := full
	if rapid.Bool().Draw(t, "within mask") {
		most = c.Mask
	}
	c.Ranges = rangesGen(pool, most).Draw(t, "values")
	return c
})

func ruleGen(numbers []uint64, owned []span) *rapid.Generator[*policy.RuleMatch] {
	return rapid.Custom(func(t *rapid.T) *policy.RuleMatch {
		r := &policy.RuleMatch{Verdict: verdictGen.Draw(t, "verdict")}
		for _, n := range rangesGen(numbers, maxWord).Draw(t, "numbers") {
			for _, o := range owned {
				low, high := max(n.Low, uint64(o.low)), min(n.High, uint64(o.high))
				if low <= high {
					r.Numbers = append(r.Numbers, policy.Range{Low: low, High: high})
				}
			}
		}
		r.Conds = rapid.SliceOfN(condGen, 0, 3).Draw(t, "conds")
		return r
	})
}

func archGen(a *abi.Arch, rules int) *rapid.Generator[*policy.ArchRules] {
	var numbers []uint64
	for _, n := range []uint64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 41, 42, 56, 63, 64, 100, 335, 424, 470, 512, 0x3fffffff} {
		numbers = append(numbers, n|uint64(a.NumberBit))
	}
	numbers = append(numbers, 0x40000000, 0x7fffffff, 0x80000000, 0xbfffffff, 0xffffffff)
	owned := owns(a)
	return rapid.Custom(func(t *rapid.T) *policy.ArchRules {
		ar := &policy.ArchRules{Arch: a}
		for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "lists") {
			list := policy.List(rapid.SliceOfN(ruleGen(numbers, owned), 0, rules).Draw(t, "rules"))
			last := &policy.RuleMatch{Verdict: verdictGen.Draw(t, "default")}
			for _, o := range owned {
				last.Numbers = append(last.Numbers, policy.Range{Low: uint64(o.low), High: uint64(o.high)})
			}
			ar.Lists = append(ar.Lists, append(list, last))
		}
		return ar
	})
}

// rulesGen is of Rules for up to four architectures.
func rulesGen(rules int) *rapid.Generator[*policy.Rules] {
	return rapid.Custom(func(t *rapid.T) *policy.Rules {
		arches := rapid.SliceOfNDistinct(rapid.SampledFrom(abi.Arches()), 0, 4, (*abi.Arch).String).Draw(t, "arches")
		r := &policy.Rules{Else: verdictGen.Draw(t, "else")}
		for _, a := range arches {
			r.Arches = append(r.Arches, archGen(a, rules).Draw(t, a.Name))
		}
		return r
	})
}

// near returns v and its neighbours, and those as the other word.
func near(values []uint64) (out []uint64) {
	for _, v := range values {
		out = append(out, v, v+1, v-1)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// edges returns the numbers and the argument values at which r may change its
// mind, and their neighbours.
func edges(r *policy.Rules) (numbers, values []uint64) {
	numbers, values = []uint64{0, x32Bit, 1 << 31, 3 << 30}, []uint64{0, 1 << 32}
	for _, a := range r.Arches {
		for _, list := range a.Lists {
			for _, rule := range list {
				for _, n := range rule.Numbers {
					numbers = append(numbers, n.Low, n.High)
				}
				for _, c := range rule.Conds {
					values = append(values, c.Mask, ^c.Mask)
					for _, v := range c.Ranges {
						values = append(values, v.Low, v.High, v.Low|^c.Mask, v.High|^c.Mask)
					}
				}
			}
		}
	}
	return near(numbers), near(values)
}
