package bpf

// op is an instruction of seccomp's machine as the virtual machine runs it: a
// dense number for each Code that the kernel admits.
type op uint8

const (
	opRefused op = iota // not an instruction of seccomp

	opLoad // of a data word; NewVM makes one of the four below of it
	opLoadNr
	opLoadArch
	opLoadIP
	opLoadArg

	opLoadImm
	opLoadMem
	opLoadLen
	opLoadXImm
	opLoadXMem
	opLoadXLen
	opStore
	opStoreX

	opAddK
	opAddX
	opSubK
	opSubX
	opMulK
	opMulX
	opDivK
	opDivX
	opOrK
	opOrX
	opAndK
	opAndX
	opLshK
	opLshX
	opRshK
	opRshX
	opXorK
	opXorX
	opNeg

	opJump
	opJeqK
	opJeqRow // several of them; NewVM makes it
	opJeqX
	opJgtK
	opJgtX
	opJgeK
	opJgeX
	opJsetK
	opJsetX

	opRetK
	opRetA
	opTax
	opTxa
)

// ops gives the op of each Code; the 41 here are all that seccomp has. Source:
// kernel/seccomp.c:seccomp_check_filter, TestKernelOpcodes.
var ops = [256]op{
	LD | W | ABS:  opLoad,
	LD | IMM:      opLoadImm,
	LD | MEM:      opLoadMem,
	LD | W | LEN:  opLoadLen,
	LDX | IMM:     opLoadXImm,
	LDX | MEM:     opLoadXMem,
	LDX | W | LEN: opLoadXLen,
	ST:            opStore,
	STX:           opStoreX,

	ALU | ADD | K: opAddK,
	ALU | ADD | X: opAddX,
	ALU | SUB | K: opSubK,
	ALU | SUB | X: opSubX,
	ALU | MUL | K: opMulK,
	ALU | MUL | X: opMulX,
	ALU | DIV | K: opDivK,
	ALU | DIV | X: opDivX,
	ALU | OR | K:  opOrK,
	ALU | OR | X:  opOrX,
	ALU | AND | K: opAndK,
	ALU | AND | X: opAndX,
	ALU | LSH | K: opLshK,
	ALU | LSH | X: opLshX,
	ALU | RSH | K: opRshK,
	ALU | RSH | X: opRshX,
	ALU | XOR | K: opXorK,
	ALU | XOR | X: opXorX,
	ALU | NEG:     opNeg,

	JMP | JA:       opJump,
	JMP | JEQ | K:  opJeqK,
	JMP | JEQ | X:  opJeqX,
	JMP | JGT | K:  opJgtK,
	JMP | JGT | X:  opJgtX,
	JMP | JGE | K:  opJgeK,
	JMP | JGE | X:  opJgeX,
	JMP | JSET | K: opJsetK,
	JMP | JSET | X: opJsetX,

	RET | K:    opRetK,
	RET | A:    opRetA,
	MISC | TAX: opTax,
	MISC | TXA: opTxa,
}

// opOf is the op of a Code, opRefused if seccomp has none.
func opOf(code uint16) op {
	if code > 0xff {
		return opRefused
	}
	return ops[code]
}

// jumps reports whether the op chooses the next instruction.
func (o op) jumps() bool { return o >= opJump && o <= opJsetX }
