package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ptrace calls of a thread that is traced come from one and the same thread of
// the tracer, the one that seized it: callers are locked to theirs. Their
// errors are plain errnos, as ESRCH (the thread is gone, or runs) is part of
// the conversation and no failure.

// PtraceSeize makes the calling thread the tracer of a thread, which goes on
// running, with the PTRACE_O_ options (since 3.4).
func PtraceSeize(tid, options int) error {
	return ptrace(unix.PTRACE_SEIZE, tid, 0, uintptr(options))
}

// PtraceListen lets a thread that a job control stop has stopped stay stopped,
// yet hear of SIGCONT.
func PtraceListen(tid int) error { return ptrace(unix.PTRACE_LISTEN, tid, 0, 0) }

// PtraceDetach lets a stopped thread go for good, with a signal or none.
func PtraceDetach(tid int, signal unix.Signal) error {
	return ptrace(unix.PTRACE_DETACH, tid, 0, uintptr(signal))
}

// PtraceSiginfo is the head of the siginfo_t of the signal that a thread was
// stopped for, and what a SIGSYS carries.
type PtraceSiginfo struct {
	Signo, Errno, Code int32
	_                  [4]byte
	CallAddr           uint64 // SIGSYS: the address of the instruction behind the call
	Syscall            int32  // SIGSYS: the number of the call
	Arch               uint32 // SIGSYS: its AUDIT_ARCH
	_                  [96]byte
}

// PtraceGetSiginfo reads the signal that a thread was stopped for; in a group
// stop there is none: EINVAL. The SIGSYS fields are those of 64-bit machines.
func PtraceGetSiginfo(tid int) (*PtraceSiginfo, error) {
	var info PtraceSiginfo
	err := ptrace(unix.PTRACE_GETSIGINFO, tid, 0, uintptr(unsafe.Pointer(&info)))
	return &info, err
}

// The kinds of stop that PtraceSyscallInfo tells (linux/ptrace.h).
const (
	SyscallInfoNone    = 0
	SyscallInfoEntry   = 1
	SyscallInfoExit    = 2
	SyscallInfoSeccomp = 3
)

// PtraceSyscallInfo is the kernel's struct ptrace_syscall_info at an entry.
type PtraceSyscallInfo struct {
	Op   uint8
	_    [3]byte
	Arch uint32 // AUDIT_ARCH
	IP   uint64 // behind the call's instruction
	SP   uint64
	Nr   uint64 // at an exit: the result
	Args [6]uint64
	_    [2]uint64
}

// PtraceGetSyscallInfo tells which system call a thread is stopped at, alike
// on every architecture (since 5.3).
func PtraceGetSyscallInfo(tid int) (*PtraceSyscallInfo, error) {
	var info PtraceSyscallInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return nil, errno
	}
	return &info, nil
}

func ptrace(request, tid int, addr, data uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// SetPtracer lets a process that is no ancestor trace this one, where the
// security module Yama asks for that; without Yama it does nothing.
func SetPtracer(pid int) error {
	err := unix.Prctl(unix.PR_SET_PTRACER, uintptr(pid), 0, 0, 0)
	if err != nil && err != unix.EINVAL { // no Yama
		return err
	}
	return nil
}
