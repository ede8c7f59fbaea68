package asm

import (
	"strconv"

	"github.com/narrow-sandbox/narrow/bpf"
)

// appendAsm writes the language that Assemble reads. It keeps to what bpfc
// understands too, except for .insn, which stands for whatever the language
// cannot say or the assembler would refuse.
func appendAsm(dst []byte, p bpf.Program) []byte {
	labels := targets(p)
	for pc := range p {
		if labels[pc] {
			dst = append(appendLabel(dst, pc), ':')
		}
		dst = append(dst, '\t')
		dst = append(appendInstruction(dst, p, pc), '\n')
	}
	return dst
}

// targets marks the instructions that the text of some instruction jumps to.
func targets(p bpf.Program) []bool {
	marks := make([]bool, len(p))
	for pc, in := range p {
		if !expressible(p, pc) {
			continue
		}
		switch op := lookup(in.Code); op.operand {
		case jump:
			marks[pc+1+int(in.K)] = true
		case testK, testX:
			if in.Jt != 0 || in.Jf == 0 || op.opposite == "" {
				marks[pc+1+int(in.Jt)] = true
			}
			if in.Jf != 0 {
				marks[pc+1+int(in.Jf)] = true
			}
		}
	}
	return marks
}

// expressible reports whether the instruction at pc has a mnemonic that
// assembles to exactly its four fields there.
func expressible(p bpf.Program, pc int) bool {
	in := p[pc]
	left := uint64(len(p) - pc - 1) // instructions behind this one
	still := in.Jt == 0 && in.Jf == 0
	if objection(p, pc) != "" {
		return false
	}
	switch lookup(in.Code).operand {
	case literal, absolute, indexed, memory, nibble:
		return still
	case bare, length, regX, regA:
		return still && in.K == 0
	case jump:
		return still && uint64(in.K) < left
	case testK:
		return uint64(in.Jt) < left && uint64(in.Jf) < left
	case testX:
		return uint64(in.Jt) < left && uint64(in.Jf) < left && in.K == 0
	}
	return false
}

// appendLabel writes the label of the instruction at pc: bpfc wants two
// characters at least.
func appendLabel(dst []byte, pc int) []byte {
	return appendDecimal(append(dst, 'L'), uint64(pc))
}

// appendInstruction writes the text of the instruction at pc.
func appendInstruction(dst []byte, p bpf.Program, pc int) []byte {
	in := p[pc]
	if !expressible(p, pc) {
		return appendData(dst, in)
	}
	op := lookup(in.Code)
	if op.operand == testK || op.operand == testX {
		return appendTest(dst, in, pc, op)
	}
	dst = append(dst, op.name...)
	if op.operand != bare {
		dst = appendOperand(append(dst, ' '), in, pc, op)
	}
	return dst
}

// appendData writes an instruction as its four numbers.
func appendData(dst []byte, in bpf.Instruction) []byte {
	dst = append(dst, ".insn 0x"...)
	dst = strconv.AppendUint(dst, uint64(in.Code), 16)
	dst = append(dst, ", "...)
	dst = appendDecimal(dst, uint64(in.Jt))
	dst = append(dst, ", "...)
	dst = appendDecimal(dst, uint64(in.Jf))
	dst = append(dst, ", 0x"...)
	return strconv.AppendUint(dst, uint64(in.K), 16)
}

// appendOperand writes what stands behind the mnemonic of anything but a test.
func appendOperand(dst []byte, in bpf.Instruction, pc int, op *opcode) []byte {
	switch op.operand {
	case literal:
		return appendLiteral(dst, in)
	case absolute:
		return appendAbsolute(dst, in.K)
	case indexed:
		return append(appendDecimal(append(dst, "[x + "...), uint64(in.K)), ']')
	case memory:
		return append(appendDecimal(append(dst, "M["...), uint64(in.K)), ']')
	case nibble:
		return append(appendDecimal(append(dst, "4*(["...), uint64(in.K)), "]&0xf)"...)
	case length:
		return append(dst, "len"...)
	case regX:
		return append(dst, 'x')
	case regA:
		return append(dst, 'a')
	case jump:
		return appendLabel(dst, pc+1+int(in.K))
	}
	return dst
}

// appendLiteral writes #k: decimal where people count, hexadecimal otherwise.
func appendLiteral(dst []byte, in bpf.Instruction) []byte {
	if in.K < 10 || in.K < 4096 && in.Class() != bpf.RET {
		return appendDecimal(append(dst, '#'), uint64(in.K))
	}
	return strconv.AppendUint(append(dst, "#0x"...), uint64(in.K), 16)
}

// appendAbsolute writes [k], or the name of the extension that k stands for.
func appendAbsolute(dst []byte, k uint32) []byte {
	if name := extensionName(k); name != "" {
		return append(dst, name...)
	}
	return append(appendDecimal(append(dst, '['), uint64(k)), ']')
}

// appendTest writes a conditional jump: with one target where the other is the
// next instruction, with two otherwise.
func appendTest(dst []byte, in bpf.Instruction, pc int, op *opcode) []byte {
	negated := in.Jt == 0 && in.Jf != 0 && op.opposite != ""
	if negated {
		dst = append(dst, op.opposite...)
	} else {
		dst = append(dst, op.name...)
	}
	dst = append(dst, ' ')
	if op.operand == testX {
		dst = append(dst, 'x')
	} else {
		dst = appendLiteral(dst, in)
	}
	dst = append(dst, ", "...)
	if negated {
		return appendLabel(dst, pc+1+int(in.Jf))
	}
	dst = appendLabel(dst, pc+1+int(in.Jt))
	if in.Jf != 0 {
		dst = appendLabel(append(dst, ", "...), pc+1+int(in.Jf))
	}
	return dst
}
