package tracer

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// sizeofRegs is that of struct pt_regs (arch/x86/include/asm/ptrace.h):
// r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip ...
const sizeofRegs = 168

// callOf is the call that a thread enters with saved registers.
func callOf(reg func(int) uint64) bpf.Data {
	return bpf.Data{Arch: abi.Native().Audit, Nr: uint32(reg(15)), IP: reg(16), Args: [6]uint64{reg(14), reg(13), reg(12), reg(7), reg(9), reg(8)}}
}
