package verify

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// linear compiles rules whose arches have one list each, rule by rule and
// condition by condition, with no thought for size: something right to prove
// right, and to break. It shares nothing with the verifier.
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
	for _, rule := range a.Lists[0] {
		body = append(body, ruleBlock(rule, bpf.OrderOf(a.Arch.Audit))...)
	}
	body = append(body, ret(policy.Verdict{}))
	past := uint32(len(body))
	if a.Arch.Sharing() != nil {
		mine, other := uint8(1), uint8(0)
		if a.Arch.NumberBit == 0 {
			mine, other = 0, 1
		}
		body = append(bpf.Program{
			bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
			bpf.Jump(bpf.JMP|bpf.JSET|bpf.K, 0x40000000, mine, other),
			bpf.Stmt(bpf.JMP|bpf.JA, past),
		}, body...)
	}
	past = uint32(len(body))
	return append(bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArch),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, a.Arch.Audit, 1, 0),
		bpf.Stmt(bpf.JMP|bpf.JA, past),
	}, body...)
}

// ruleBlock returns the verdict if everything fits, else falls through.
func ruleBlock(m *policy.RuleMatch, order bpf.ByteOrder) bpf.Program {
	tests := []bpf.Program{anyOf(wordLoads{{bpf.OffNr, 0xffffffff}}, m.Numbers)}
	for _, c := range m.Conds {
		tests = append(tests, anyOf(loadsOf(c, order), c.Ranges))
	}
	block := bpf.Program{ret(m.Verdict)}
	for i := len(tests) - 1; i >= 0; i-- {
		block = append(append(tests[i], bpf.Stmt(bpf.JMP|bpf.JA, uint32(len(block)))), block...)
	}
	return block
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

// anyOf skips the instruction after it if the operand is in one of the
// ranges, else falls through.
func anyOf(loads wordLoads, ranges []policy.Range) bpf.Program {
	var p bpf.Program
	for i := len(ranges) - 1; i >= 0; i-- {
		skip := uint32(len(p)) + 1 // what follows, and the instruction after it
		p = append(inRange(loads, ranges[i], skip), p...)
	}
	return p
}

// inRange skips n instructions if low <= operand <= high, else falls through.
func inRange(loads wordLoads, r policy.Range, n uint32) bpf.Program {
	hit := bpf.Program{bpf.Stmt(bpf.JMP|bpf.JA, n)}
	upper := compare(loads, r.High, true, 1)           // falls to a jump past hit
	upper = append(upper, bpf.Stmt(bpf.JMP|bpf.JA, 1)) // no
	upper = append(upper, hit...)
	lower := compare(loads, r.Low, false, 1)
	lower = append(lower, bpf.Stmt(bpf.JMP|bpf.JA, uint32(len(upper)))) // no
	return append(lower, upper...)
}

// compare skips n instructions if operand <= k (upper) or >= k, else falls
// through.
func compare(loads wordLoads, k uint64, upper bool, n uint8) bpf.Program {
	var p bpf.Program
	for i := range loads {
		l := loads[len(loads)-1-i] // the low word first, as code is made backwards
		word := uint32(k >> (32 * i))
		test := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, l[0]), bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, l[1])}
		rest := uint8(len(p))
		switch {
		case i == 0 && upper:
			test = append(test, bpf.Jump(bpf.JMP|bpf.JGT|bpf.K, word, 0, n))
		case i == 0:
			test = append(test, bpf.Jump(bpf.JMP|bpf.JGE|bpf.K, word, n, 0))
		case upper: // above: no; below: yes; equal: look at the rest
			test = append(test, bpf.Jump(bpf.JMP|bpf.JGT|bpf.K, word, rest+1, 0),
				bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, word, 0, rest+n))
		default:
			test = append(test, bpf.Jump(bpf.JMP|bpf.JGT|bpf.K, word, rest+1+n, 0),
				bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, word, 0, rest))
		}
		p = append(test, p...)
	}
	return p
}

func ret(v policy.Verdict) bpf.Instruction {
	values := map[policy.Kind]uint32{policy.Allow: 0x7fff0000, policy.Log: 0x7ffc0000, policy.Trace: 0x7ff00000,
		policy.Notify: 0x7fc00000, policy.Errno: 0x50000, policy.Trap: 0x30000, policy.KillThread: 0, policy.KillProcess: 0x80000000}
	value, ok := values[v.Kind]
	if !ok {
		panic(fmt.Sprint("no value for ", v.Kind))
	}
	return bpf.Stmt(bpf.RET|bpf.K, value|uint32(v.Data))
}
