package policy

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf"
)

// smallCond draws a condition on the low 8 bits of register 0 or 1, or on 8
// bits of each as a pair: few enough to try all calls.
func smallCond(t *rapid.T) Cond {
	o := Operand{Reg: int8(rapid.IntRange(0, 1).Draw(t, "reg")), High: -1, Bits: 32}
	space := uint64(0xff)
	if rapid.IntRange(0, 3).Draw(t, "pair") == 0 {
		o = Operand{Reg: 0, High: 1, Bits: 64}
		space = 0xff_0000_00ff
	}
	mask := rapid.Uint64().Draw(t, "mask") & space
	if rapid.Bool().Draw(t, "whole") {
		mask = space
	}
	var ranges []Range
	for range rapid.IntRange(1, 3).Draw(t, "ranges") {
		a, b := rapid.Uint64().Draw(t, "low")&mask, rapid.Uint64().Draw(t, "high")&mask
		ranges = append(ranges, Range{min(a, b), max(a, b)})
	}
	return Cond{Operand: o, Mask: mask, Ranges: union(ranges)}
}

// TestFit compares the search with trying all calls.
func TestFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		conds := rapid.SliceOfN(rapid.Custom(smallCond), 1, 5).Draw(t, "conds")
		holds := func(d *bpf.Data) bool { return fits(d, []Range{{0, 0}}, conds) }
		var want *bpf.Data
	search:
		for high := range uint64(256) {
			for low := range uint64(256) {
				if d := (&bpf.Data{Args: [6]uint64{low, high}}); holds(d) {
					want = d
					break search
				}
			}
		}
		args, ok := fit(conds)
		if ok != (want != nil) || satisfiable(conds) != ok {
			t.Fatalf("got %v %v, want %v", args, ok, want)
		}
		if ok && !holds(&bpf.Data{Args: args}) {
			t.Fatalf("%x does not fit", args)
		}
	})
}

// TestFitIsSmallest looks at the arguments of one register: no smaller one fits.
func TestFitIsSmallest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := smallCond(t)
		c.Operand = Operand{Reg: 0, High: -1, Bits: 32}
		c.Mask &= 0xff
		for i := range c.Ranges {
			c.Ranges[i] = Range{c.Ranges[i].Low & 0xff, c.Ranges[i].Low&0xff + 3}
		}
		c.Ranges = union(c.Ranges)
		args, ok := fit([]Cond{c})
		for v := range uint64(256) {
			if c.Holds(&bpf.Data{Args: [6]uint64{v}}) {
				if !ok || args[0] != v {
					t.Fatalf("got %v %v, want %v", args, ok, v)
				}
				return
			}
		}
		if ok {
			t.Fatalf("got %v, but nothing fits", args)
		}
	})
}

// TestFitEnds gives the search what it could go astray on.
func TestFitEnds(t *testing.T) {
	var conds []Cond
	for i := range 64 {
		mask := uint64(0x0123456789abcdef)<<i | 1<<(i/2)
		conds = append(conds, Cond{
			Operand: Operand{Reg: 0, High: -1, Bits: 64},
			Mask:    mask,
			Ranges:  complement(single(mask&0x5555555555555555), ^uint64(0)),
		})
	}
	args, ok := fit(conds)
	if ok && !fits(&bpf.Data{Args: args}, []Range{{0, 0}}, conds) {
		t.Errorf("%x does not fit", args)
	}
}
