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

// PtraceGetRegs reads the general registers of a stopped thread, and which call
// it is in. A thread of another ABI is ErrOtherABI.
func PtraceGetRegs(tid int) (Regs, error) {
	var r Regs
	n, err := getRegset(tid, ntPrstatus, unsafe.Pointer(&r.r), unsafe.Sizeof(r.r))
	if err != nil {
		return Regs{}, err
	}
	if n != unsafe.Sizeof(r.r) || regsSupported != nil {
		return Regs{}, &Error{"ptrace(PTRACE_GETREGSET)", Tracing, tid, errors.Join(ErrOtherABI, regsSupported)}
	}
	return r, r.getCall(tid)
}

// PtraceSetRegs writes the general registers of a stopped thread.
func PtraceSetRegs(tid int, r Regs) error {
	return setRegset(tid, ntPrstatus, unsafe.Pointer(&r.r), unsafe.Sizeof(r.r))
}

// ntPrstatus is NT_PRSTATUS (linux/elf.h): the general registers.
const ntPrstatus = 1

// getRegset reads a set of registers, and tells how much of it there was.
func getRegset(tid int, kind uintptr, to unsafe.Pointer, size uintptr) (n uintptr, err error) {
	v := unix.Iovec{Base: (*byte)(to)}
	v.SetLen(int(size))
	err = ptracePtr("PTRACE_GETREGSET", unix.PTRACE_GETREGSET, tid, kind, unsafe.Pointer(&v))
	return uintptr(v.Len), err
}

// setRegset writes a set of registers.
func setRegset(tid int, kind uintptr, from unsafe.Pointer, size uintptr) error {
	v := unix.Iovec{Base: (*byte)(from)}
	v.SetLen(int(size))
	return ptracePtr("PTRACE_SETREGSET", unix.PTRACE_SETREGSET, tid, kind, unsafe.Pointer(&v))
}
