package asm

import (
	"fmt"
	"strconv"

	"github.com/narrow-sandbox/narrow/bpf"
)

// BpfcFormat returns the format that bpfc's -f means by a name: bpfc looks at
// how the name begins, so that "Cfoo" is C and "tc" xt_bpf. It is false for a
// name with which bpfc shows its help.
func BpfcFormat(name string) (string, bool) {
	for _, f := range [...]struct{ prefix, format string }{
		{"C", C}, {"netsniff-ng", Netsniff}, {"tcpdump", Tcpdump}, {"xt_bpf", XTBPF}, {"tc", XTBPF},
	} {
		if len(name) >= len(f.prefix) && name[:len(f.prefix)] == f.prefix {
			return f.format, true
		}
	}
	return "", false
}

// BpfcMnemonics returns what bpfc -d prints, a line each: the mnemonics in the
// order of their opcodes, without those that are other names of the same.
func BpfcMnemonics() []string {
	return []string{"ld", "ldx", "st", "stx", "add", "ja", "ret", "tax", "ldh", "ldb", "ldxb", "sub", "jeq", "mul",
		"jgt", "div", "jge", "or", "jset", "and", "lsh", "rsh", "neg", "txa", "mod", "xor"}
}

// BpfcListing returns what bpfc -V prints of a program, byte for byte: numbers
// are signed, and ldx len is missing in its tables.
func BpfcListing(p bpf.Program) string {
	var dst []byte
	for pc, in := range p {
		name, operand := bpfcText(in, pc)
		dst = fmt.Appendf(dst, " L%d: %s %s", pc, name, operand)
		if in.Class() == bpf.JMP && in.Op() != bpf.JA {
			dst = fmt.Appendf(dst, ", L%d, L%d", pc+1+int(in.Jt), pc+1+int(in.Jf))
		}
		dst = append(dst, '\n')
	}
	return string(dst)
}

// bpfcText is an instruction as bpfc -V has it.
func bpfcText(in bpf.Instruction, pc int) (name, operand string) {
	op := lookup(in.Code)
	signed := strconv.Itoa(int(int32(in.K)))
	switch op.operand {
	case bare:
		return op.name, ""
	case literal:
		return op.name, bpfcLiteral(in, signed)
	case absolute:
		if e := extensionName(in.K); e != "" {
			return op.name, e
		}
		return op.name, "[" + signed + "]"
	case indexed:
		return op.name, "[x + " + signed + "]"
	case memory:
		return op.name, "M[" + signed + "]"
	case nibble:
		return op.name, "4*([" + signed + "]&0xf)"
	case regX, testX:
		return op.name, "x"
	case regA:
		return op.name, "a"
	case jump:
		return op.name, strconv.Itoa(int(int32(uint32(pc) + 1 + in.K)))
	case testK:
		return op.name, fmt.Sprintf("#0x%x", in.K)
	case length:
		if in.Class() == bpf.LD {
			return op.name, "#len"
		}
	}
	return "unimp", fmt.Sprintf("0x%x", in.Code)
}

// bpfcLiteral is #k: hexadecimal, but in sums and shifts decimal.
func bpfcLiteral(in bpf.Instruction, signed string) string {
	if in.Class() == bpf.ALU {
		switch in.Op() {
		case bpf.ADD, bpf.SUB, bpf.MUL, bpf.DIV, bpf.MOD, bpf.LSH, bpf.RSH:
			return "#" + signed
		}
	}
	return fmt.Sprintf("#0x%x", in.K)
}
