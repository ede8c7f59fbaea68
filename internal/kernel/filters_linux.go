package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

// PtraceSeccompGetFilter reads a filter of a stopped thread: 0 is the oldest, and
// ENOENT means that there is none of that number. It needs CAP_SYS_ADMIN in the initial user namespace and a calling thread
// without a filter (EACCES), and a kernel with CONFIG_CHECKPOINT_RESTORE (EIO).
func PtraceSeccompGetFilter(tid, index int) (bpf.Program, error) {
	n, err := PtraceSeccompFilterLen(tid, index)
	if err != nil {
		return nil, err
	}
	program := make(bpf.Program, n)
	if n == 0 {
		return program, nil
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(tid), uintptr(index), uintptr(unsafe.Pointer(&program[0])), 0, 0)
	if errno != 0 {
		return nil, &Error{opGetFilter, Seccomp, tid, errno}
	}
	return program, nil
}

const opGetFilter = "ptrace(PTRACE_SECCOMP_GET_FILTER)"

// PtraceSeccompFilterLen tells how many instructions a filter has, with the
// errors of PtraceSeccompGetFilter.
func PtraceSeccompFilterLen(tid, index int) (int, error) {
	// Without a buffer the length is told.
	n, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(tid), uintptr(index), 0, 0, 0)
	if errno != 0 {
		return 0, &Error{opGetFilter, Seccomp, tid, errno}
	}
	return int(n), nil
}

// PtraceSeccompGetMetadata reads the flags that a filter was installed with,
// of which only SECCOMP_FILTER_FLAG_LOG is kept (since 4.16).
func PtraceSeccompGetMetadata(tid, index int) (flags uint64, err error) {
	data := struct{ index, flags uint64 }{index: uint64(index)}
	if err := ptracePtr("PTRACE_SECCOMP_GET_METADATA", unix.PTRACE_SECCOMP_GET_METADATA, tid, unsafe.Sizeof(data), unsafe.Pointer(&data)); err != nil {
		return 0, err
	}
	return data.flags, nil
}
