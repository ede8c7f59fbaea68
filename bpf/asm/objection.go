package asm

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// objection says what is wrong with the instruction at pc in any program,
// whoever runs it, or "". It is what bpfc's validation is about (which misses a
// division by zero), and an .insn line and bpfc's -b pass it by.
func objection(p bpf.Program, pc int) string {
	return objectionTo(p[pc], pc == len(p)-1)
}

// objectionTo is objection for an instruction that may be the last.
func objectionTo(in bpf.Instruction, last bool) string {
	op := lookup(in.Code)
	switch {
	case op.operand == none:
		return fmt.Sprintf("unknown opcode 0x%x", in.Code)
	case op.operand == memory && in.K >= bpf.MEMWORDS:
		return fmt.Sprintf("M[%d] is out of range; scratch memory is M[0] to M[%d]", in.K, bpf.MEMWORDS-1)
	case byZero(in):
		return op.name + " by zero"
	case last && op.name != "ret":
		return "the program ends without ret"
	}
	return ""
}

// byZero reports whether an instruction divides by the constant 0.
func byZero(in bpf.Instruction) bool {
	return in.K == 0 && (in.Code == bpf.ALU|bpf.DIV|bpf.K || in.Code == bpf.ALU|bpf.MOD|bpf.K)
}
