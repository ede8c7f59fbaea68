// Package bpf is the classic Berkeley Packet Filter machine as Linux runs it
// for seccomp: instructions, programs, the kernel's admission rules and a
// virtual machine with the kernel's semantics.
package bpf

// Instruction is one struct sock_filter of linux/filter.h. Any four values
// make an Instruction; whether the kernel would admit it is Check's to say.
type Instruction struct {
	Code   uint16 // class, size, mode or operation, and source: LD|W|ABS, JMP|JEQ|K, ...
	Jt, Jf uint8  // how many instructions a conditional jump skips if true, if false
	K      uint32 // the operand
}

// Program is a sequence of instructions, run from the first.
type Program []Instruction

// Stmt makes an instruction that does not jump, as the BPF_STMT macro does.
func Stmt(code uint16, k uint32) Instruction { return Instruction{Code: code, K: k} }

// Jump makes an instruction that jumps, as the BPF_JUMP macro does. The
// offsets count from the instruction after this one.
func Jump(code uint16, k uint32, jt, jf uint8) Instruction {
	return Instruction{Code: code, Jt: jt, Jf: jf, K: k}
}
