// Package bpf is the classic Berkeley Packet Filter machine as Linux runs it
// for seccomp: instructions, programs, the kernel's admission rules and a
// virtual machine with the kernel's semantics.
//
// # The machine
//
// A program sees one system call as struct seccomp_data, 64 bytes: Data. The
// machine has an accumulator A, an index register X and sixteen scratch words
// M[0] to M[15], all of 32 bits and, but for M, zero at the start. A program
// loads aligned words of the data, computes, jumps forward, and ends by
// returning an Action. There are no loops, so that a program of n instructions
// takes n steps at most.
//
// Arguments have 64 bits and are loaded in two halves, whose order is that of
// the architecture: ByteOrder.ArgLow and ArgHigh. A division by X of 0 ends the
// program with 0, which is RetKillThread; a shift by X uses X's low five bits.
//
// # The kernel
//
// The kernel admits a program or refuses it with EINVAL and no word more.
// Program.Check says why. Admitted programs of a thread are a Stack: they share
// a budget, all of them run, and the strictest action wins. A program that
// allows a call by its number and arch alone costs nothing per call:
// Program.ConstantAllow.
//
// The tests hold all of it against the running kernel.
package bpf

// Instruction is one struct sock_filter of linux/filter.h, with its layout in
// memory too, so that a Program is what a struct sock_fprog points to. Any four
// values make an Instruction; whether the kernel would admit it is Check's to
// say.
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
