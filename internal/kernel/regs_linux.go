package kernel

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrOtherABI means that a thread runs the code of another ABI than this
// program, such as 32-bit code on a 64-bit machine, so that its registers are
// others.
var ErrOtherABI = errors.New("the thread runs code of another ABI")

// PtraceGetRegs reads the general registers of a stopped thread.
// A thread of another ABI is ErrOtherABI.
func PtraceGetRegs(tid int) (Regs, error) {
	var r Regs
	v := unix.Iovec{Base: (*byte)(unsafe.Pointer(&r))}
	v.SetLen(int(unsafe.Sizeof(r)))
	if err := ptracePtr("PTRACE_GETREGSET", unix.PTRACE_GETREGSET, tid, ntPrstatus, unsafe.Pointer(&v)); err != nil {
		return Regs{}, err
	}
	if uintptr(v.Len) != unsafe.Sizeof(r) || regsSupported != nil {
		return Regs{}, &Error{"ptrace(PTRACE_GETREGSET)", Tracing, tid, errors.Join(ErrOtherABI, regsSupported)}
	}
	return r, nil
}

// PtraceSetRegs writes the general registers of a stopped thread.
func PtraceSetRegs(tid int, r Regs) error {
	v := unix.Iovec{Base: (*byte)(unsafe.Pointer(&r))}
	v.SetLen(int(unsafe.Sizeof(r)))
	return ptracePtr("PTRACE_SETREGSET", unix.PTRACE_SETREGSET, tid, ntPrstatus, unsafe.Pointer(&v))
}

// ntPrstatus is NT_PRSTATUS (linux/elf.h): the general registers.
const ntPrstatus = 1
