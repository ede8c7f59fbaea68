package asm

import "github.com/narrow-sandbox/narrow/bpf"

// operand is a way in which an instruction says what it works on: what stands
// behind the mnemonic, and which fields of the instruction hold it.
type operand uint8

const (
	none     operand = iota // an opcode that the language lacks
	bare                    // nothing: neg, tax, txa
	literal                 // #k
	absolute                // [k]
	indexed                 // [x + k]
	memory                  // M[k]
	nibble                  // 4*([k]&0xf)
	length                  // len
	regX                    // x
	regA                    // a
	jump                    // L, k instructions on
	testK                   // #k, L, L: jt and jf instructions on
	testX                   // x, L, L
)

// opcode is what the language calls the instructions of one Code.
type opcode struct {
	name     string
	operand  operand
	opposite string // of a test: the mnemonic that jumps where this one does not
}

// opcodes holds the language's instructions by their Code. Those of
// linux/bpf_common.h are less than 256.
var opcodes = [256]opcode{
	bpf.LD | bpf.W | bpf.IMM:  {name: "ld", operand: literal},
	bpf.LDX | bpf.W | bpf.IMM: {name: "ldx", operand: literal},
	bpf.LD | bpf.W | bpf.ABS:  {name: "ld", operand: absolute},
	bpf.LD | bpf.H | bpf.ABS:  {name: "ldh", operand: absolute},
	bpf.LD | bpf.B | bpf.ABS:  {name: "ldb", operand: absolute},
	bpf.LD | bpf.W | bpf.IND:  {name: "ld", operand: indexed},
	bpf.LD | bpf.H | bpf.IND:  {name: "ldh", operand: indexed},
	bpf.LD | bpf.B | bpf.IND:  {name: "ldb", operand: indexed},
	bpf.LD | bpf.W | bpf.MEM:  {name: "ld", operand: memory},
	bpf.LDX | bpf.W | bpf.MEM: {name: "ldx", operand: memory},
	bpf.LD | bpf.W | bpf.LEN:  {name: "ld", operand: length},
	bpf.LDX | bpf.W | bpf.LEN: {name: "ldx", operand: length},
	bpf.LDX | bpf.B | bpf.MSH: {name: "ldxb", operand: nibble},

	bpf.ST:  {name: "st", operand: memory},
	bpf.STX: {name: "stx", operand: memory},

	bpf.ALU | bpf.ADD | bpf.K: {name: "add", operand: literal},
	bpf.ALU | bpf.SUB | bpf.K: {name: "sub", operand: literal},
	bpf.ALU | bpf.MUL | bpf.K: {name: "mul", operand: literal},
	bpf.ALU | bpf.DIV | bpf.K: {name: "div", operand: literal},
	bpf.ALU | bpf.OR | bpf.K:  {name: "or", operand: literal},
	bpf.ALU | bpf.AND | bpf.K: {name: "and", operand: literal},
	bpf.ALU | bpf.LSH | bpf.K: {name: "lsh", operand: literal},
	bpf.ALU | bpf.RSH | bpf.K: {name: "rsh", operand: literal},
	bpf.ALU | bpf.NEG:         {name: "neg", operand: bare},
	bpf.ALU | bpf.MOD | bpf.K: {name: "mod", operand: literal},
	bpf.ALU | bpf.XOR | bpf.K: {name: "xor", operand: literal},
	bpf.ALU | bpf.ADD | bpf.X: {name: "add", operand: regX},
	bpf.ALU | bpf.SUB | bpf.X: {name: "sub", operand: regX},
	bpf.ALU | bpf.MUL | bpf.X: {name: "mul", operand: regX},
	bpf.ALU | bpf.DIV | bpf.X: {name: "div", operand: regX},
	bpf.ALU | bpf.OR | bpf.X:  {name: "or", operand: regX},
	bpf.ALU | bpf.AND | bpf.X: {name: "and", operand: regX},
	bpf.ALU | bpf.LSH | bpf.X: {name: "lsh", operand: regX},
	bpf.ALU | bpf.RSH | bpf.X: {name: "rsh", operand: regX},
	bpf.ALU | bpf.MOD | bpf.X: {name: "mod", operand: regX},
	bpf.ALU | bpf.XOR | bpf.X: {name: "xor", operand: regX},

	bpf.JMP | bpf.JA:           {name: "ja", operand: jump},
	bpf.JMP | bpf.JEQ | bpf.K:  {name: "jeq", operand: testK, opposite: "jne"},
	bpf.JMP | bpf.JGT | bpf.K:  {name: "jgt", operand: testK, opposite: "jle"},
	bpf.JMP | bpf.JGE | bpf.K:  {name: "jge", operand: testK, opposite: "jlt"},
	bpf.JMP | bpf.JSET | bpf.K: {name: "jset", operand: testK},
	bpf.JMP | bpf.JEQ | bpf.X:  {name: "jeq", operand: testX, opposite: "jne"},
	bpf.JMP | bpf.JGT | bpf.X:  {name: "jgt", operand: testX, opposite: "jle"},
	bpf.JMP | bpf.JGE | bpf.X:  {name: "jge", operand: testX, opposite: "jlt"},
	bpf.JMP | bpf.JSET | bpf.X: {name: "jset", operand: testX},

	bpf.RET | bpf.K: {name: "ret", operand: literal},
	bpf.RET | bpf.X: {name: "ret", operand: regX},
	bpf.RET | bpf.A: {name: "ret", operand: regA},

	bpf.MISC | bpf.TAX: {name: "tax", operand: bare},
	bpf.MISC | bpf.TXA: {name: "txa", operand: bare},
}

// unknown is the opcode of all other Codes.
var unknown opcode

// lookup returns the opcode of a Code; its operand is none if there is none.
func lookup(code uint16) *opcode {
	if code < uint16(len(opcodes)) {
		return &opcodes[code]
	}
	return &unknown
}
