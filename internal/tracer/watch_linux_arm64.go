package tracer

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// sizeofRegs is that of the part of struct pt_regs that all kernels have
// (arch/arm64/include/asm/ptrace.h): x0 to x30, sp, pc, pstate, orig_x0, and the
// call's number in 32 bits.
const sizeofRegs = 36 * 8

// callOf is the call that a thread enters with saved registers: x0 is still its
// first argument.
func callOf(reg func(int) uint64) bpf.Data {
	const pc, number = 32, 35
	return bpf.Data{Arch: abi.Native().Audit, Nr: uint32(reg(number)), IP: reg(pc), Args: [6]uint64{reg(0), reg(1), reg(2), reg(3), reg(4), reg(5)}}
}
