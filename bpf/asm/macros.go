package asm

import (
	"strconv"

	"github.com/narrow-sandbox/narrow/bpf"
)

// appendCMacros writes the lines of a C array of struct sock_filter with the
// macros of linux/filter.h, and behind each what it does.
func (n *annotator) appendCMacros(dst []byte) []byte {
	for pc, in := range n.program {
		start := len(dst)
		dst = append(dst, macroName(in, "BPF_STMT(", "BPF_JUMP(")...)
		dst = appendCode(dst, in.Code, "BPF_", " | ")
		dst = append(appendMacroOperands(dst, in), "),"...)
		dst = append(pad(dst, start+macroNote), "/* "...)
		dst = append(n.appendMacroNote(dst, pc), " */\n"...)
	}
	return dst
}

// macroNote is the column of the comments.
const macroNote = 64

// macroName chooses the macro that can hold an instruction's fields.
func macroName(in bpf.Instruction, stmt, jump string) string {
	op := lookup(in.Code).operand
	if op == testK || op == testX || in.Jt != 0 || in.Jf != 0 {
		return jump
	}
	return stmt
}

// appendMacroOperands writes k and, in a jump, jt and jf.
func appendMacroOperands(dst []byte, in bpf.Instruction) []byte {
	dst = append(dst, ", 0x"...)
	dst = strconv.AppendUint(dst, uint64(in.K), 16)
	if macroName(in, "", "jump") == "" {
		return dst
	}
	dst = appendDecimal(append(dst, ", "...), uint64(in.Jt))
	return appendDecimal(append(dst, ", "...), uint64(in.Jf))
}

// appendMacroNote writes the number of the instruction and what it does, with
// the numbers of the instructions that it may jump to.
func (n *annotator) appendMacroNote(dst []byte, pc int) []byte {
	in := n.program[pc]
	dst = append(appendRight(dst, pc), ": "...)
	note := n.note(pc)
	switch op := lookup(in.Code); op.operand {
	case jump:
		dst = append(dst, "go to "...)
		return appendDecimal(dst, uint64(pc)+1+uint64(in.K))
	case testK, testX:
		if note == "" {
			note = plainTest(op, in)
		}
		dst = append(append(append(dst, "if "...), note...), " then "...)
		dst = appendDecimal(dst, uint64(pc)+1+uint64(in.Jt))
		return appendDecimal(append(dst, ", else "...), uint64(pc)+1+uint64(in.Jf))
	case absolute:
		if note != "" {
			return append(append(dst, "A = "...), note...)
		}
	case memory, bare:
		if to, what := n.at[pc].moved(in); what != "" && what == note {
			return append(append(append(dst, to...), " = "...), what...)
		}
	}
	if note == "" {
		return appendInstruction(dst, n.program, pc)
	}
	return append(dst, note...)
}

// plainTest says what a test asks when nothing is known of A.
func plainTest(op *opcode, in bpf.Instruction) string {
	other := "X"
	if op.operand == testK {
		other = hexText(in.K)
	}
	if op.name == "jset" {
		return "A & " + other + " != 0"
	}
	return "A " + relation(op.name, true) + " " + other
}
