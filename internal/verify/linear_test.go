package verify

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// linear compiles rules whose arches have one list each, rule by rule and
// condition by condition: something right to prove right, and to break. It
// shares nothing with the verifier.
func linear(r *policy.Rules) bpf.Program {
	var p bpf.Program
	for _, a := range r.Arches {
		p = append(p, archBlock(a)...)
	}
	return append(p, ret(r.Else))
}

// archBlock runs a list if the call is the arch's, else falls through.
func archBlock(a *policy.ArchRules) bpf.Program {
	var body bpf.Program
	if a.Arch.Sharing() == nil {
		body = append(body, load(bpf.OffNr))
	}
	for i, rule := range a.Lists[0] {
		body = append(body, ruleBlock(rule, bpf.OrderOf(a.Arch.Audit), i+1 == len(a.Lists[0]))...)
	}
	body = append(body, ret(policy.Verdict{}))
	if a.Arch.Sharing() != nil {
		mine, other := uint8(1), uint8(0)
		if a.Arch.NumberBit == 0 {
			mine, other = 0, 1
		}
		body = append(bpf.Program{
			load(bpf.OffNr),
			bpf.Jump(bpf.JMP|bpf.JSET|bpf.K, 0x40000000, mine, other),
			bpf.Stmt(bpf.JMP|bpf.JA, uint32(len(body))),
		}, body...)
	}
	return append(bpf.Program{
		load(bpf.OffArch),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, a.Arch.Audit, 1, 0),
		bpf.Stmt(bpf.JMP|bpf.JA, uint32(len(body))),
	}, body...)
}

// ruleBlock returns the verdict if everything fits, else falls through. The
// number is in A before, and after it too.
func ruleBlock(m *policy.RuleMatch, order bpf.ByteOrder, last bool) bpf.Program {
	b := newBlock()
	next := b.label()
	b.anyOf(wordLoads{{bpf.OffNr, 0xffffffff}}, m.Numbers, next)
	for _, c := range m.Conds {
		b.loaded = 0
		b.anyOf(loadsOf(c, order), c.Ranges, next)
	}
	b.code = append(b.code, ret(m.Verdict))
	b.place(next)
	if len(m.Conds) > 0 && !last {
		b.code = append(b.code, load(bpf.OffNr))
	}
	return b.resolved()
}

// wordLoads is the words of an operand with their masks, the high one first.
type wordLoads [][2]uint32

func loadsOf(c policy.Cond, order bpf.ByteOrder) wordLoads {
	low := [2]uint32{order.ArgLow(int(c.Operand.Reg)), uint32(c.Mask)}
	if c.Operand.Bits < 64 {
		return wordLoads{low}
	}
	high := [2]uint32{order.ArgHigh(int(c.Operand.Reg)), uint32(c.Mask >> 32)}
	if c.Operand.High >= 0 {
		high[0] = order.ArgLow(int(c.Operand.High))
	}
	return wordLoads{high, low}
}

// block is code with labels.
type block struct {
	code   bpf.Program
	jumps  map[int][2]int // labels of the arms, by place; 0 is the next instruction
	places map[int]int
	labels int
	loaded int // how many words of an operand are in A: 1 or none
}

func newBlock() *block {
	return &block{jumps: map[int][2]int{}, places: map[int]int{}, loaded: 1}
}

func (b *block) label() int  { b.labels++; return b.labels }
func (b *block) place(l int) { b.places[l] = len(b.code) }

func (b *block) jump(op uint16, k uint32, yes, no int) {
	b.jumps[len(b.code)] = [2]int{yes, no}
	b.code = append(b.code, bpf.Jump(bpf.JMP|op|bpf.K, k, 0, 0))
}

// word loads a word of an operand, unless the operand has one only and it is
// there already.
func (b *block) word(loads wordLoads, i int) {
	if len(loads) == 1 && b.loaded == 1 {
		return
	}
	b.loaded = len(loads)
	b.code = append(b.code, load(loads[i][0]))
	if mask := loads[i][1]; mask != 0xffffffff {
		b.code = append(b.code, bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, mask))
	}
}

// anyOf goes on if the operand is in one of the ranges, else to miss.
func (b *block) anyOf(loads wordLoads, ranges []policy.Range, miss int) {
	hit := b.label()
	for i, r := range ranges {
		other := miss
		if i+1 < len(ranges) {
			other = b.label()
		}
		if r.Low == r.High {
			b.equals(loads, r.Low, hit, other)
		} else {
			b.atLeast(loads, r.Low, other)
			b.atMost(loads, r.High, hit, other)
		}
		if other != miss {
			b.place(other)
		}
	}
	b.place(hit)
}

func (b *block) equals(loads wordLoads, k uint64, hit, miss int) {
	for i := range loads {
		b.word(loads, i)
		if left := len(loads) - 1 - i; left > 0 {
			b.jump(bpf.JEQ, uint32(k>>(32*left)), 0, miss)
		} else {
			b.jump(bpf.JEQ, uint32(k), hit, miss)
		}
	}
}

// atLeast goes on if operand >= k.
func (b *block) atLeast(loads wordLoads, k uint64, miss int) {
	hit := b.label()
	for i := range loads {
		b.word(loads, i)
		if left := len(loads) - 1 - i; left > 0 {
			b.jump(bpf.JGT, uint32(k>>(32*left)), hit, 0)
			b.jump(bpf.JEQ, uint32(k>>(32*left)), 0, miss)
		} else {
			b.jump(bpf.JGE, uint32(k), hit, miss)
		}
	}
	b.place(hit)
}

// atMost goes to hit if operand <= k.
func (b *block) atMost(loads wordLoads, k uint64, hit, miss int) {
	for i := range loads {
		b.word(loads, i)
		b.jump(bpf.JGT, uint32(k>>(32*(len(loads)-1-i))), miss, 0)
		if i+1 < len(loads) {
			b.jump(bpf.JEQ, uint32(k>>(32*(len(loads)-1-i))), 0, hit)
		}
	}
	b.jump(bpf.JSET, 0, miss, hit) // never set
}

func (b *block) resolved() bpf.Program {
	arm := func(pc, label int) uint8 {
		if label == 0 {
			return 0
		}
		n := b.places[label] - pc - 1
		if n < 0 || n > 255 {
			panic(fmt.Sprint("jump over ", n))
		}
		return uint8(n)
	}
	for pc, labels := range b.jumps {
		b.code[pc].Jt, b.code[pc].Jf = arm(pc, labels[0]), arm(pc, labels[1])
	}
	return b.code
}

func load(offset uint32) bpf.Instruction { return bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, offset) }

func ret(v policy.Verdict) bpf.Instruction {
	values := map[policy.Kind]uint32{policy.Allow: 0x7fff0000, policy.Log: 0x7ffc0000, policy.Trace: 0x7ff00000,
		policy.Notify: 0x7fc00000, policy.Errno: 0x50000, policy.Trap: 0x30000, policy.KillThread: 0, policy.KillProcess: 0x80000000}
	value, ok := values[v.Kind]
	if !ok {
		panic(fmt.Sprint("no value for ", v.Kind))
	}
	return bpf.Stmt(bpf.RET|bpf.K, value|uint32(v.Data))
}
