package asm

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// objection says what is wrong with the instruction at pc in any program,
// whoever runs it, or "". It is bpfc's validation, which an .insn line and
// bpfc's -b pass by.
func objection(p bpf.Program, pc int) string {
	in := p[pc]
	op := lookup(in.Code)
	switch {
	case op.operand == none:
		return fmt.Sprintf("unknown opcode 0x%x", in.Code)
	case op.operand == memory && in.K >= bpf.MEMWORDS:
		return fmt.Sprintf("M[%d] is out of range; scratch memory is M[0] to M[15]", in.K)
	case in.K == 0 && (op.name == "div" || op.name == "mod") && op.operand == literal:
		return op.name + " by zero"
	case pc == len(p)-1 && op.name != "ret":
		return "the program ends without ret"
	}
	return ""
}
