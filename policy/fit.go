package policy

import (
	"math/bits"
	"slices"
)

// satisfiable reports whether some call's arguments fit all conditions.
func satisfiable(conds []Cond) bool {
	if apart(conds) {
		return !slices.ContainsFunc(conds, func(c Cond) bool { return len(c.Ranges) == 0 })
	}
	conds, ok := merged(conds)
	if !ok {
		return false
	}
	if !apart(conds) {
		_, ok = fit(conds)
	}
	return ok
}

// merged makes one condition of those that look at the same bits of the same
// operand. It is false if one of them cannot hold.
func merged(conds []Cond) ([]Cond, bool) {
	var out []Cond
	for _, c := range conds {
		i := slices.IndexFunc(out, func(o Cond) bool { return o.Operand == c.Operand && o.Mask == c.Mask })
		if i < 0 {
			i = len(out)
			out = append(out, c)
		} else {
			out[i].Ranges = attain(c.Mask, intersect(out[i].Ranges, c.Ranges))
		}
		if len(out[i].Ranges) == 0 {
			return nil, false
		}
	}
	return out, true
}

// apart reports whether no two conditions look at the same bit of a register,
// so that each can be fitted by itself.
func apart(conds []Cond) bool {
	for i := range conds {
		for j := range conds[:i] {
			a, b := &conds[i], &conds[j]
			if a.Operand.registers()&b.Operand.registers() == 0 || a.Operand == b.Operand && a.Mask&b.Mask == 0 {
				continue
			}
			return false
		}
	}
	return true
}

// fit finds the smallest arguments that fit all conditions, false if none do.
//
// Each register that a condition reads is decided from its highest bit down,
// preferring 0; a condition that can no longer hold ends the attempt, and an
// attempt from which every way down failed is remembered. Of one condition
// only as many prefixes are undecided at a bit as it has ends of ranges, so
// the work is small but for conditions made to be hard, of which fitBudget
// cuts the search; then it answers that the conditions cannot be fitted only
// if that is certain, and gives arguments that need not fit.
func fit(conds []Cond) (args [6]uint64, ok bool) {
	s := fitSearch{budget: fitBudget}
	for len(conds) > 0 {
		var group []Cond
		group, conds = related(conds)
		s.begin(group)
		if !s.down(0) {
			return args, false
		}
		for reg := range args {
			args[reg] |= s.args[reg]
		}
	}
	return args, true
}

// fitBudget is how many bits a search may try. Two conditions on one argument
// need some hundreds.
const fitBudget = 1 << 16

// related splits off the conditions on the registers of the first one.
func related(conds []Cond) (group, rest []Cond) {
	regs := conds[0].Operand.registers()
	for grown := true; grown; {
		grown = false
		for i := range conds {
			if r := conds[i].Operand.registers(); r&regs != 0 && r&^regs != 0 {
				regs |= r
				grown = true
			}
		}
	}
	for i := range conds {
		if conds[i].Operand.registers()&regs != 0 {
			group = append(group, conds[i])
		} else {
			rest = append(rest, conds[i])
		}
	}
	return group, rest
}

// registers has a bit for each register that the operand reads.
func (o Operand) registers() uint8 {
	r := uint8(1) << o.Reg
	if o.High >= 0 {
		r |= 1 << o.High
	}
	return r
}

// fitSearch is the search for arguments that fit conditions on some registers.
type fitSearch struct {
	conds  []Cond
	order  []fitBit
	free   [][]uint64 // of each condition's operand, the bits that order[i:] decides
	values []uint64   // of each condition's operand, masked, as far as decided
	args   [6]uint64
	budget int
	failed map[string]struct{}
}

// fitBit is a bit of a register.
type fitBit struct{ reg, bit uint8 }

func (s *fitSearch) begin(conds []Cond) {
	*s = fitSearch{
		conds:  conds,
		values: make([]uint64, len(conds)),
		budget: s.budget,
	}
	var high, low uint8
	for i := range conds {
		o := conds[i].Operand
		if o.High >= 0 {
			high |= 1 << o.High
		}
		low |= 1 << o.Reg
	}
	// A pair's high register comes first, so that its value, too, is decided
	// from the highest bit down.
	for _, regs := range [2]uint8{high, low &^ high} {
		for reg := range uint8(6) {
			if regs>>reg&1 == 1 {
				s.addBits(reg)
			}
		}
	}
	s.free = make([][]uint64, len(conds))
	for c := range conds {
		s.free[c] = make([]uint64, len(s.order)+1)
		for i := len(s.order) - 1; i >= 0; i-- {
			s.free[c][i] = s.free[c][i+1] | conds[c].reads(s.order[i])
		}
	}
}

// addBits adds the bits of a register that some condition reads.
func (s *fitSearch) addBits(reg uint8) {
	for bit := 63; bit >= 0; bit-- {
		b := fitBit{reg, uint8(bit)}
		for i := range s.conds {
			if s.conds[i].reads(b) != 0 {
				s.order = append(s.order, b)
				break
			}
		}
	}
}

// reads is the bit of the operand's value that a bit of a register is, if the
// mask keeps it; else 0.
func (c *Cond) reads(b fitBit) uint64 {
	o, v := c.Operand, uint64(0)
	switch {
	case o.High >= 0 && b.bit > 31:
		return 0
	case int8(b.reg) == o.Reg && b.bit < o.Bits:
		v = 1 << b.bit
	case int8(b.reg) == o.High:
		v = 1 << (b.bit + 32)
	}
	return v & c.Mask
}

// down decides the bits from the i-th on.
func (s *fitSearch) down(i int) bool {
	undecided, possible := s.state(i)
	if !possible {
		return false
	}
	if !undecided || s.budget <= 0 {
		return true
	}
	if s.knownToFail(i) {
		return false
	}
	s.budget--
	b := s.order[i]
	for _, one := range [2]bool{false, true} {
		s.put(b, one)
		if s.down(i + 1) {
			return true
		}
	}
	s.put(b, false)
	if s.failed == nil {
		s.failed = map[string]struct{}{}
	}
	s.failed[s.key(i)] = struct{}{}
	return false
}

// knownToFail reports whether all ways down from here were tried before.
func (s *fitSearch) knownToFail(i int) bool {
	if s.failed == nil {
		return false
	}
	_, known := s.failed[s.key(i)]
	return known
}

// put sets a bit in the registers and in what the conditions read of them.
func (s *fitSearch) put(b fitBit, one bool) {
	if one {
		s.args[b.reg] |= 1 << b.bit
	} else {
		s.args[b.reg] &^= 1 << b.bit
	}
	for i := range s.conds {
		if one {
			s.values[i] |= s.conds[i].reads(b)
		} else {
			s.values[i] &^= s.conds[i].reads(b)
		}
	}
}

// state tells whether some condition still depends on the bits from the i-th
// on, and whether all can still hold.
func (s *fitSearch) state(i int) (undecided, possible bool) {
	for c := range s.conds {
		in, out := s.within(c, s.free[c][i])
		if !in {
			return false, false
		}
		undecided = undecided || out
	}
	return undecided, true
}

// within tells whether some value that goes on from what is decided is in the
// condition's ranges, and whether some is not. Values between the least and
// the greatest that the mask does not let through count as possible; a later
// bit tells.
func (s *fitSearch) within(c int, free uint64) (in, out bool) {
	low := s.values[c]
	high := low | free
	next := low // the least value not known to be in a range
	for _, r := range s.conds[c].Ranges {
		if r.High < low || r.Low > high {
			continue
		}
		in = true
		if r.Low <= next && r.High >= high {
			return true, false
		}
		if r.Low > next {
			return true, true
		}
		next = r.High + 1
	}
	return in, true
}

// key is what the ways down from a bit depend on: the bit, and what each
// condition that is not decided has read.
func (s *fitSearch) key(i int) string {
	key := make([]byte, 0, 2+9*len(s.conds))
	key = append(key, byte(i), byte(i>>8))
	for c := range s.conds {
		if _, out := s.within(c, s.free[c][i]); !out {
			key = append(key, 0)
			continue
		}
		key = append(key, 1)
		for v := s.values[c]; v != 0; v &= v - 1 {
			key = append(key, byte(bits.TrailingZeros64(v))+1)
		}
		key = append(key, 255)
	}
	return string(key)
}
