package asm

import "github.com/narrow-sandbox/narrow/bpf"

// shape is which operands a mnemonic takes.
type shape uint8

const (
	shapeLoad      shape = iota // ld
	shapeLoadPart               // ldh, ldb
	shapeLoadX                  // ldx
	shapeLoadNib                // ldxb
	shapeLoadImm                // ldi, ldxi
	shapeStore                  // st, stx
	shapeJump                   // ja
	shapeTest                   // jeq, jgt, jge, jset
	shapeTestFalse              // jne, jlt, jle: the target is where the test is false
	shapeALU                    // add and its like
	shapeBare                   // neg, tax, txa
	shapeReturn                 // ret
)

// mnemonic is what a word at the head of an instruction means.
type mnemonic struct {
	shape shape
	code  uint16 // the parts of the Code that the word decides
}

// findMnemonic looks a word up. Case does not matter.
func findMnemonic(word []byte) (mnemonic, bool) {
	var lower [4]byte
	if len(word) < 2 || len(word) > len(lower) {
		return mnemonic{}, false
	}
	for i, c := range word {
		lower[i] = c | 0x20
	}
	switch string(lower[:len(word)]) {
	case "ld":
		return mnemonic{shapeLoad, bpf.LD | bpf.W}, true
	case "ldh":
		return mnemonic{shapeLoadPart, bpf.LD | bpf.H}, true
	case "ldb":
		return mnemonic{shapeLoadPart, bpf.LD | bpf.B}, true
	case "ldi":
		return mnemonic{shapeLoadImm, bpf.LD | bpf.IMM}, true
	case "ldx":
		return mnemonic{shapeLoadX, bpf.LDX | bpf.W}, true
	case "ldxi":
		return mnemonic{shapeLoadImm, bpf.LDX | bpf.IMM}, true
	case "ldxb":
		return mnemonic{shapeLoadNib, bpf.LDX | bpf.B}, true
	case "st":
		return mnemonic{shapeStore, bpf.ST}, true
	case "stx":
		return mnemonic{shapeStore, bpf.STX}, true
	case "jmp", "ja":
		return mnemonic{shapeJump, bpf.JMP | bpf.JA}, true
	case "jeq":
		return mnemonic{shapeTest, bpf.JMP | bpf.JEQ}, true
	case "jneq", "jne":
		return mnemonic{shapeTestFalse, bpf.JMP | bpf.JEQ}, true
	case "jlt":
		return mnemonic{shapeTestFalse, bpf.JMP | bpf.JGE}, true
	case "jle":
		return mnemonic{shapeTestFalse, bpf.JMP | bpf.JGT}, true
	case "jgt":
		return mnemonic{shapeTest, bpf.JMP | bpf.JGT}, true
	case "jge":
		return mnemonic{shapeTest, bpf.JMP | bpf.JGE}, true
	case "jset":
		return mnemonic{shapeTest, bpf.JMP | bpf.JSET}, true
	case "ret":
		return mnemonic{shapeReturn, bpf.RET}, true
	case "tax":
		return mnemonic{shapeBare, bpf.MISC | bpf.TAX}, true
	case "txa":
		return mnemonic{shapeBare, bpf.MISC | bpf.TXA}, true
	case "neg":
		return mnemonic{shapeBare, bpf.ALU | bpf.NEG}, true
	}
	return findALU(string(lower[:len(word)]))
}

// findALU looks up what computes with an operand.
func findALU(word string) (mnemonic, bool) {
	var op uint16
	switch word {
	case "add":
		op = bpf.ADD
	case "sub":
		op = bpf.SUB
	case "mul":
		op = bpf.MUL
	case "div":
		op = bpf.DIV
	case "mod":
		op = bpf.MOD
	case "and":
		op = bpf.AND
	case "or":
		op = bpf.OR
	case "xor":
		op = bpf.XOR
	case "lsh":
		op = bpf.LSH
	case "rsh":
		op = bpf.RSH
	default:
		return mnemonic{}, false
	}
	return mnemonic{shapeALU, bpf.ALU | op}, true
}

// mnemonics are all of them, for suggestions.
var mnemonics = [...]string{
	"ld", "ldh", "ldb", "ldi", "ldx", "ldxi", "ldxb", "st", "stx", "jmp", "ja", "jeq", "jneq", "jne", "jlt", "jle",
	"jgt", "jge", "jset", "ret", "tax", "txa", "neg", "add", "sub", "mul", "div", "mod", "and", "or", "xor", "lsh", "rsh",
}
