package asm

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// objection says what is wrong with the instruction at pc in any program,
// whoever runs it, or "". It is bpfc's validation, which an .insn line and
// bpfc's -b pass by.
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
	case in.K == 0 && op.operand == literal && (op.name == "div" || op.name == "mod"):
		return op.name + " by zero"
	case last && op.name != "ret":
		return "the program ends without ret"
	}
	return ""
}
