package verify

import (
	"math/rand/v2"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// Offsets that filters of both byte orders load.
var offsets = []uint32{0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 56, 60}

// Constants at the edges, among them every audit arch and some numbers.
func edges() []uint32 {
	ks := []uint32{0, 1, 2, 3, 7, 16, 41, 59, 64, 255, 424, 0xffff, 0x10000, 0x3fffffff,
		0x40000000, 0x40000001, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff}
	for _, a := range abi.Arches() {
		ks = append(ks, a.Audit)
	}
	return ks
}

var returnValues = []uint32{0, 0x30000, 0x30007, 0x50000, 0x50001, 0x50026, 0x5ffff, 0x7fc00000,
	0x7ff00000, 0x7ff00003, 0x7ffc0000, 0x7fff0000, 0x7fff0009, 0x80000000, 0x80000001, 0x12340000}

// drawProgram draws a program that the kernel would admit. Memory cells 0..3
// are written at the start. Operations with symbolic operands on both sides
// are rare unless wild is set, as diagrams of products grow without bounds.
func drawProgram(t *rapid.T, wild bool) bpf.Program {
	k := rapid.OneOf(rapid.SampledFrom(edges()), rapid.Uint32())
	n := rapid.IntRange(1, 40).Draw(t, "length")
	p := bpf.Program{}
	for i := range 4 {
		p = append(p, bpf.Stmt(bpf.ST, uint32(i)))
	}
	for i := range n {
		p = append(p, drawInstruction(t, k, n-i, wild))
	}
	return append(p, bpf.Stmt(bpf.RET|bpf.K, rapid.SampledFrom(returnValues).Draw(t, "value")))
}

func drawInstruction(t *rapid.T, k *rapid.Generator[uint32], left int, wild bool) bpf.Instruction {
	skip := func() uint8 { return uint8(rapid.IntRange(0, min(left-1, 12)).Draw(t, "skip")) }
	source := uint16(bpf.K)
	if wild && rapid.IntRange(0, 3).Draw(t, "source") == 0 {
		source = bpf.X
	}
	switch rapid.IntRange(0, 19).Draw(t, "kind") {
	case 0, 1, 2, 3, 4, 5:
		return bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, rapid.SampledFrom(offsets).Draw(t, "offset"))
	case 6, 7, 8, 9, 10, 11:
		op := rapid.SampledFrom([]uint16{bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET}).Draw(t, "op")
		return bpf.Jump(bpf.JMP|op|source, k.Draw(t, "k"), skip(), skip())
	case 12:
		return bpf.Stmt(bpf.JMP|bpf.JA, uint32(skip()))
	case 13, 14:
		return bpf.Stmt(bpf.RET|bpf.K, rapid.SampledFrom(returnValues).Draw(t, "value"))
	case 15:
		op := rapid.SampledFrom([]uint16{bpf.AND, bpf.OR, bpf.XOR, bpf.ADD, bpf.SUB}).Draw(t, "op")
		return bpf.Stmt(bpf.ALU|op|source, k.Draw(t, "k"))
	case 16:
		op := rapid.SampledFrom([]uint16{bpf.LSH, bpf.RSH}).Draw(t, "op")
		return bpf.Stmt(bpf.ALU|op|source, rapid.Uint32Range(0, 31).Draw(t, "k"))
	case 17:
		return drawRare(t, wild)
	case 18:
		code := rapid.SampledFrom([]uint16{bpf.ST, bpf.STX, bpf.LD | bpf.MEM, bpf.LDX | bpf.MEM}).Draw(t, "code")
		return bpf.Stmt(code, rapid.Uint32Range(0, 3).Draw(t, "memory"))
	}
	code := rapid.SampledFrom([]uint16{bpf.MISC | bpf.TAX, bpf.MISC | bpf.TXA, bpf.LD | bpf.IMM, bpf.LDX | bpf.IMM,
		bpf.LD | bpf.W | bpf.LEN, bpf.LDX | bpf.W | bpf.LEN}).Draw(t, "code")
	return bpf.Stmt(code, k.Draw(t, "k"))
}

func drawRare(t *rapid.T, wild bool) bpf.Instruction {
	small := rapid.Uint32Range(1, 9).Draw(t, "small")
	if !wild {
		return bpf.Stmt(bpf.ALU|bpf.NEG, 0)
	}
	return rapid.SampledFrom([]bpf.Instruction{
		bpf.Stmt(bpf.ALU|bpf.NEG, 0),
		bpf.Stmt(bpf.ALU|bpf.MUL|bpf.K, small),
		bpf.Stmt(bpf.ALU|bpf.DIV|bpf.K, small),
		bpf.Stmt(bpf.ALU|bpf.DIV|bpf.X, 0),
		bpf.Stmt(bpf.ALU|bpf.MUL|bpf.X, 0),
		bpf.Stmt(bpf.RET|bpf.A, 0),
	}).Draw(t, "rare")
}

// calls makes n calls out of the constants that matter to a filter, those
// beside them, and chance.
func calls(constants []uint32, seed uint64, n int) []bpf.Data {
	r := rand.New(rand.NewPCG(seed, 1))
	pool := append(edges(), constants...)
	pick := func() uint32 {
		switch r.IntN(8) {
		case 0:
			return r.Uint32()
		case 1:
			return 1 << r.IntN(32)
		case 2:
			return 0
		}
		return pool[r.IntN(len(pool))] + uint32(r.IntN(3)) - 1
	}
	arches := abi.Arches()
	list := make([]bpf.Data, n)
	for i := range list {
		c := &list[i]
		c.Arch, c.Nr = arches[r.IntN(len(arches))].Audit, pick()
		if r.IntN(8) == 0 {
			c.Arch = pick()
		}
		for f := range fields {
			*fieldOf(c, f) = uint64(pick())<<32 | uint64(pick())
		}
	}
	return list
}

func constantsOf(p bpf.Program) []uint32 {
	ks := make([]uint32, len(p))
	for i, in := range p {
		ks[i] = in.K
	}
	return ks
}

// drawRules draws rules over a few architectures.
func drawRules(t *rapid.T) *policy.Rules {
	r := &policy.Rules{Else: drawVerdict(t)}
	arches := abi.Arches()
	seen := map[int]bool{}
	for range rapid.IntRange(0, 3).Draw(t, "arches") {
		n := rapid.IntRange(0, len(arches)-1).Draw(t, "arch")
		if seen[n] {
			continue
		}
		seen[n] = true
		a := arches[n]
		ar := &policy.ArchRules{Arch: a}
		for range rapid.IntRange(1, 3).Draw(t, "lists") {
			ar.Lists = append(ar.Lists, drawList(t, a))
		}
		r.Arches = append(r.Arches, ar)
	}
	return r
}

func drawList(t *rapid.T, a *abi.Arch) policy.List {
	var l policy.List
	for range rapid.IntRange(0, 8).Draw(t, "rules") {
		l = append(l, drawRule(t, a))
	}
	return append(l, &policy.RuleMatch{Verdict: drawVerdict(t), Numbers: []policy.Range{{Low: 0, High: 1<<32 - 1}}})
}

func drawRule(t *rapid.T, a *abi.Arch) *policy.RuleMatch {
	m := &policy.RuleMatch{Verdict: drawVerdict(t)}
	low := uint64(0)
	for range rapid.IntRange(1, 3).Draw(t, "ranges") {
		low += uint64(rapid.IntRange(0, 40).Draw(t, "gap"))
		high := low + uint64(rapid.SampledFrom([]int{0, 0, 0, 1, 5, 100}).Draw(t, "size"))
		m.Numbers = append(m.Numbers, policy.Range{Low: low | uint64(a.NumberBit), High: high | uint64(a.NumberBit)})
		low = high + 2
	}
	for range rapid.IntRange(0, 3).Draw(t, "conds") {
		m.Conds = append(m.Conds, drawCond(t))
	}
	return m
}

func drawCond(t *rapid.T) policy.Cond {
	o := policy.Operand{Reg: int8(rapid.IntRange(0, 5).Draw(t, "reg")), High: -1,
		Bits: rapid.SampledFrom([]uint8{16, 32, 32, 64, 64}).Draw(t, "bits")}
	if o.Bits == 64 && rapid.IntRange(0, 2).Draw(t, "pair") == 0 {
		o.High = int8((int(o.Reg) + rapid.IntRange(1, 5).Draw(t, "high")) % 6)
	}
	all := uint64(1)<<o.Bits - 1
	c := policy.Cond{Operand: o, Mask: all}
	value := rapid.OneOf(rapid.SampledFrom(wide()), rapid.Uint64())
	if rapid.IntRange(0, 2).Draw(t, "masked") == 0 {
		c.Mask = value.Draw(t, "mask") & all
	}
	low := uint64(0)
	for range rapid.IntRange(1, 3).Draw(t, "values") {
		v := value.Draw(t, "value") & c.Mask
		if v < low {
			continue
		}
		high := v
		if rapid.Bool().Draw(t, "range") {
			high += min(all-v, uint64(rapid.SampledFrom([]int{0, 1, 6, 1 << 20}).Draw(t, "span")))
		}
		c.Ranges = append(c.Ranges, policy.Range{Low: v, High: high})
		if high > all-2 {
			break
		}
		low = high + 2
	}
	if len(c.Ranges) == 0 {
		c.Ranges = []policy.Range{{Low: 0, High: 0}}
	}
	return c
}

func wide() []uint64 {
	return []uint64{0, 1, 2, 3, 0xff, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 1<<63 - 1, 1 << 63, 1<<64 - 1}
}

func drawVerdict(t *rapid.T) policy.Verdict {
	v := policy.Verdict{Kind: rapid.SampledFrom([]policy.Kind{policy.Allow, policy.Allow, policy.Log, policy.Trace,
		policy.Notify, policy.Errno, policy.Trap, policy.KillThread, policy.KillProcess}).Draw(t, "verdict")}
	switch v.Kind {
	case policy.Errno, policy.Trap, policy.Trace:
		v.Data = uint16(rapid.IntRange(0, 3).Draw(t, "data"))
	}
	return v
}

// constantsOfRules are the words at the edges of every condition.
func constantsOfRules(r *policy.Rules) []uint32 {
	var ks []uint32
	for _, a := range r.Arches {
		for _, l := range a.Lists {
			for _, m := range l {
				for _, n := range m.Numbers {
					ks = append(ks, uint32(n.Low), uint32(n.High))
				}
				for _, c := range m.Conds {
					ks = append(ks, uint32(c.Mask), uint32(c.Mask>>32))
					for _, n := range c.Ranges {
						ks = append(ks, uint32(n.Low), uint32(n.High), uint32(n.Low>>32), uint32(n.High>>32))
					}
				}
			}
		}
	}
	return ks
}
