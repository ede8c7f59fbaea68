package asm

// The parts of a Code, as linux/bpf_common.h names them without BPF_. The Go
// names are those of package bpf.

var classNames = [8]string{"LD", "LDX", "ST", "STX", "ALU", "JMP", "RET", "MISC"}

var sizeNames = [4]string{"W", "H", "B", ""}

var modeNames = [8]string{"IMM", "ABS", "IND", "MEM", "LEN", "MSH", "", ""}

var aluNames = [16]string{"ADD", "SUB", "MUL", "DIV", "OR", "AND", "LSH", "RSH", "NEG", "MOD", "XOR"}

var jumpNames = [16]string{"JA", "JEQ", "JGT", "JGE", "JSET"}

// appendCode writes the Code of an instruction that the language has as its
// parts, each after prefix and with separator between; another as a number.
func appendCode(dst []byte, code uint16, prefix, separator string) []byte {
	if lookup(code).operand == none {
		return append(dst, '0', 'x', hexDigits[code>>12], hexDigits[code>>8&15], hexDigits[code>>4&15], hexDigits[code&15])
	}
	for i, part := range codeParts(code) {
		if part == "" {
			continue
		}
		if i > 0 {
			dst = append(dst, separator...)
		}
		dst = append(append(dst, prefix...), part...)
	}
	return dst
}

// codeParts splits the Code of an instruction that the language has.
func codeParts(code uint16) [3]string {
	class := classNames[code&7]
	source := "K"
	if code&8 != 0 {
		source = "X"
	}
	switch class {
	case "LD", "LDX":
		return [3]string{class, sizeNames[code>>3&3], modeNames[code>>5&7]}
	case "ALU":
		if name := aluNames[code>>4&15]; name != "NEG" {
			return [3]string{class, name, source}
		}
		return [3]string{class, "NEG"}
	case "JMP":
		if name := jumpNames[code>>4&15]; name != "JA" {
			return [3]string{class, name, source}
		}
		return [3]string{class, "JA"}
	case "RET":
		if code&0x10 != 0 {
			source = "A"
		}
		return [3]string{class, source}
	case "MISC":
		if code&0x80 != 0 {
			return [3]string{class, "TXA"}
		}
		return [3]string{class, "TAX"}
	}
	return [3]string{class}
}
