package bpf

// An instruction's Code is made of bit fields. The lowest three bits are its
// class, which says what the others mean:
//
//	bit     7 6 5    4 3      2 1 0
//	      ┌───────┬───────┬─────────┐
//	      │ mode  │ size  │ class   │  LD, LDX: the mode says where from, the size how much
//	      ├───────┴───┬───┼─────────┤
//	      │ operation │src│ class   │  ALU, JMP: the source of the operand is K or X
//	      ├───────┬───┴───┼─────────┤
//	      │   0   │ value │ class   │  RET: the value is K, X or A
//	      ├───────┴───────┼─────────┤
//	      │ operation     │ class   │  MISC: TAX or TXA; ST and STX have zeros
//	      └───────────────┴─────────┘
//
// The constants bear the kernel's names without BPF_ and are untyped, so that
// LD|W|ABS is the Code of an Instruction. Source: linux/bpf_common.h and
// linux/filter.h, whose values never change, as programs are stored with them.

// The classes: bits 0 to 2.
const (
	LD   = 0x00 // A is loaded
	LDX  = 0x01 // X is loaded
	ST   = 0x02 // M[K] is set to A
	STX  = 0x03 // M[K] is set to X
	ALU  = 0x04 // A is set to an operation on A and a source
	JMP  = 0x05 // the next instruction is chosen
	RET  = 0x06 // the program ends with a value
	MISC = 0x07 // A and X are copied to each other
)

// The sizes of a load: bits 3 and 4 of LD and LDX.
const (
	W = 0x00 // a word, 32 bits
	H = 0x08 // a half word, 16 bits; seccomp has none
	B = 0x10 // a byte; seccomp has none
)

// The modes of a load: bits 5 to 7 of LD and LDX.
const (
	IMM = 0x00 // the constant K
	ABS = 0x20 // the data at offset K
	IND = 0x40 // the data at offset X+K; seccomp has none
	MEM = 0x60 // the scratch memory M[K]
	LEN = 0x80 // the length of the data: 64 for seccomp
	MSH = 0xa0 // 4 × the low nibble of the byte at K, an IP header's length; seccomp has none
)

// The operations of ALU: bits 4 to 7. All work on 32 bits and wrap around.
const (
	ADD = 0x00 // A + source
	SUB = 0x10 // A - source
	MUL = 0x20 // A × source
	DIV = 0x30 // A / source, unsigned; division by zero ends the program with value 0
	OR  = 0x40 // A | source
	AND = 0x50 // A & source
	LSH = 0x60 // A << source
	RSH = 0x70 // A >> source, zeros enter at the top
	NEG = 0x80 // -A; there is no source
	MOD = 0x90 // A % source; seccomp has none
	XOR = 0xa0 // A ^ source
)

// The operations of JMP: bits 4 to 7. The comparisons are unsigned and skip
// Jt instructions when they hold and Jf when not.
const (
	JA   = 0x00 // always, and skips K instructions
	JEQ  = 0x10 // A == source
	JGT  = 0x20 // A > source
	JGE  = 0x30 // A >= source
	JSET = 0x40 // A & source != 0
)

// The sources of ALU and JMP, bit 3, and the values of RET, bits 3 and 4.
const (
	K = 0x00 // the constant K
	X = 0x08 // the register X; as the value of RET neither seccomp nor sockets have it
	A = 0x10 // the register A: RET only
)

// The operations of MISC: bits 3 to 7.
const (
	TAX = 0x00 // X is set to A
	TXA = 0x80 // A is set to X
)

// The machine's sizes.
const (
	MEMWORDS = 16   // words of scratch memory: M[0] to M[15]
	MAXINSNS = 4096 // instructions that a program may have
)

// Class is the instruction's class: LD, LDX, ST, STX, ALU, JMP, RET or MISC.
func (i Instruction) Class() uint16 { return i.Code & 0x07 }

// Size is the size of a load: W, H, B, or 0x18, which only eBPF knows.
func (i Instruction) Size() uint16 { return i.Code & 0x18 }

// Mode is the mode of a load: IMM, ABS, IND, MEM, LEN or MSH.
func (i Instruction) Mode() uint16 { return i.Code & 0xe0 }

// Op is the operation of an ALU or JMP instruction: ADD, JEQ and so on.
func (i Instruction) Op() uint16 { return i.Code & 0xf0 }

// Src is the source of an ALU or JMP instruction: K or X.
func (i Instruction) Src() uint16 { return i.Code & 0x08 }

// RVal is the value of a RET instruction: K, X or A.
func (i Instruction) RVal() uint16 { return i.Code & 0x18 }

// MiscOp is the operation of a MISC instruction: TAX or TXA.
func (i Instruction) MiscOp() uint16 { return i.Code & 0xf8 }
