package verify

import (
	"cmp"
	"math"
	"math/big"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Count is how many calls of an architecture there are that a filter answers
// in some way, and how many calls in all: each number with each instruction
// pointer and each content of the six argument registers.
type Count struct{ Calls, Of *big.Int }

// Count counts the calls of an architecture that a filter may let run. The
// error is an UnknownError.
func (p *Prover) Count(m *Meaning, a *abi.Arch) (Count, error) {
	return list(p, func(s *space) (Count, error) {
		real := s.and(s.owned(a), s.possible())
		running := s.combine(opWidens, s.within1(s.function(m), wordArch, a.Audit), s.leaf(bpf.RetKillProcess))
		return Count{Calls: s.count(s.and(real, running)), Of: s.count(real)}, nil
	})
}

// Share is how many calls of an architecture a filter answers with a value.
type Share struct {
	Value bpf.Action // without data that nobody receives
	Count
}

// Shares counts the calls of an architecture by what a filter answers, the
// mildest value first. The error is an UnknownError.
func (p *Prover) Shares(m *Meaning, a *abi.Arch) ([]Share, error) {
	return list(p, func(s *space) ([]Share, error) {
		real := s.and(s.owned(a), s.possible())
		of, f := s.count(real), s.function(m)
		var shares []Share
		for _, v := range s.values(s.choose(real, f, s.leaf(nowhere))) {
			shares = append(shares, Share{v, Count{Calls: s.count(s.and(real, s.is(f, v))), Of: of}})
		}
		slices.SortFunc(shares, mildestFirst)
		return shares, nil
	})
}

func mildestFirst(a, b Share) int {
	switch {
	case b.Value.Stricter(a.Value):
		return -1
	case a.Value.Stricter(b.Value):
		return 1
	}
	return cmp.Compare(a.Value, b.Value)
}

// Runs reports whether the kernel may still run the call: on allow, log,
// trace and notify.
func Runs(a bpf.Action) bool { return runs(a) }

// Log2 is the count as a power of two: -Inf for none.
func (c Count) Log2() float64 {
	if c.Calls.Sign() == 0 {
		return math.Inf(-1)
	}
	mantissa := new(big.Float)
	exponent := new(big.Float).SetInt(c.Calls).MantExp(mantissa)
	m, _ := mantissa.Float64()
	return float64(exponent) + math.Log2(m)
}

// count is the number of calls in a set.
func (s *space) count(set node) *big.Int {
	return new(big.Int).Lsh(s.countBelow(set), uint(s.depth(set)))
}

// countBelow is the number of ways to choose the bits from a node's level down.
// It is kept for other sets that the node is part of.
func (s *space) countBelow(set node) *big.Int {
	if n, ok := s.counts[set]; ok {
		return n
	}
	s.tick()
	v, below := s.nodes[set], s.depth(set)+1
	low, high := s.countBelow(v.low), s.countBelow(v.high)
	n := new(big.Int).Lsh(low, uint(s.depth(v.low)-below))
	n.Add(n, s.shifted.Lsh(high, uint(s.depth(v.high)-below)))
	s.counts[set] = n
	return n
}

// depth is how many bits of a call come before a node.
func (s *space) depth(f node) uint32 { return min(s.nodes[f].level, levels) }

// possible is the set of calls that a kernel can hand to a filter: where
// registers have 32 bits, the high halves are 0.
func (s *space) possible() node {
	if s.real != no {
		return s.real
	}
	high := no
	for field := range fields { // from the lowest level up, so that each bit adds one node
		for _, bit := range s.inputs[highWord(fields-1-field)] {
			high = s.or(high, bit)
		}
	}
	narrow := no
	for _, a := range abi.Arches() {
		if a.Register == 32 {
			narrow = s.or(narrow, s.owned(a))
		}
	}
	real := s.not(s.and(narrow, high))
	if s.stopped == "" {
		s.real = real
	}
	return real
}
