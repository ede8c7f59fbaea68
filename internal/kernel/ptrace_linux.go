package kernel

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The functions of this file are ptrace(2), a request each, on a thread that
// the calling thread traces: the kernel knows a tracer by its thread, so the
// caller's goroutine is locked to one (runtime.LockOSThread). All but Seize and
// Interrupt want the thread stopped; one that is not, or is gone, is ESRCH.

// PtraceSeize begins to trace a thread, without stopping it, with options
// (unix.PTRACE_O_*). It waits for an execve of the process, and that waits for
// threads that it has killed, until their tracers have heard of it
// (kernel/ptrace.c:ptrace_attach, fs/exec.c:de_thread). So unlike the others it
// is a call that Go's runtime knows to take long: other goroutines go on.
func PtraceSeize(tid int, options uintptr) error {
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(tid), 0, options, 0, 0)
	return ptraceError("PTRACE_SEIZE", tid, errno)
}

// PtraceInterrupt stops a thread that was seized: it enters a stop with
// PTRACE_EVENT_STOP. Any other stop that comes first takes the request away
// (kernel/signal.c:ptrace_stop).
func PtraceInterrupt(tid int) error {
	return ptrace("PTRACE_INTERRUPT", unix.PTRACE_INTERRUPT, tid, 0, 0)
}

// PtraceCont lets a stopped thread go on, with a signal or 0.
func PtraceCont(tid, signal int) error {
	return ptrace("PTRACE_CONT", unix.PTRACE_CONT, tid, 0, uintptr(signal))
}

// PtraceSyscall lets a stopped thread go on to the entry or the exit of its
// next call.
func PtraceSyscall(tid, signal int) error {
	return ptrace("PTRACE_SYSCALL", unix.PTRACE_SYSCALL, tid, 0, uintptr(signal))
}

// PtraceSingleStep lets a stopped thread run one instruction, after which it
// gets a SIGTRAP; should it block or ignore that, its disposition is lost
// (kernel/signal.c:force_sig_info_to_task).
func PtraceSingleStep(tid, signal int) error {
	return ptrace("PTRACE_SINGLESTEP", unix.PTRACE_SINGLESTEP, tid, 0, uintptr(signal))
}

// PtraceListen leaves a thread in its group-stop, and lets it end that by a SIGCONT.
func PtraceListen(tid int) error {
	return ptrace("PTRACE_LISTEN", unix.PTRACE_LISTEN, tid, 0, 0)
}

// PtraceDetach ends the tracing of a stopped thread, which goes on, with a
// signal or 0, or back into its group-stop.
func PtraceDetach(tid, signal int) error {
	return ptrace("PTRACE_DETACH", unix.PTRACE_DETACH, tid, 0, uintptr(signal))
}

// PtraceSetOptions replaces the options.
// PTRACE_O_SUSPEND_SECCOMP needs CAP_SYS_ADMIN and a calling thread without a
// filter (EPERM), and a kernel with CONFIG_CHECKPOINT_RESTORE (EINVAL).
func PtraceSetOptions(tid int, options uintptr) error {
	return ptrace("PTRACE_SETOPTIONS", unix.PTRACE_SETOPTIONS, tid, 0, options)
}

// PtraceGetEventMsg is what a PTRACE_EVENT stop has to say: the new thread's
// id, the exit status, ...
func PtraceGetEventMsg(tid int) (uint64, error) {
	var msg uint64
	err := ptracePtr("PTRACE_GETEVENTMSG", unix.PTRACE_GETEVENTMSG, tid, 0, unsafe.Pointer(&msg))
	return msg, err
}

// SigInfo is the kernel's siginfo_t, of which the head is the same everywhere
// but on mips.
type SigInfo struct {
	Signo, Errno, Code int32
	rest               [116]byte
}

// PtraceGetSigInfo is the signal of a signal-delivery-stop. In a group-stop
// there is none (EINVAL).
func PtraceGetSigInfo(tid int) (SigInfo, error) {
	var info SigInfo
	err := ptracePtr("PTRACE_GETSIGINFO", unix.PTRACE_GETSIGINFO, tid, 0, unsafe.Pointer(&info))
	return info, err
}

// PtraceSetSigInfo replaces the signal of a signal-delivery-stop.
func PtraceSetSigInfo(tid int, info SigInfo) error {
	return ptracePtr("PTRACE_SETSIGINFO", unix.PTRACE_SETSIGINFO, tid, 0, unsafe.Pointer(&info))
}

// SigSet is the kernel's sigset_t of 64 signals: bit n-1 for signal n.
type SigSet uint64

// PtraceGetSigMask reads the signals that a thread blocks. Of a thread that is
// in a call with a mask of its own, such as ppoll, it is the mask that comes
// back after the call (since 3.11).
func PtraceGetSigMask(tid int) (SigSet, error) {
	var set SigSet
	err := ptracePtr("PTRACE_GETSIGMASK", unix.PTRACE_GETSIGMASK, tid, unsafe.Sizeof(set), unsafe.Pointer(&set))
	return set, err
}

// PtraceSetSigMask sets the signals that a thread blocks, for good: the mask
// that a call has set for its own time is given up.
func PtraceSetSigMask(tid int, set SigSet) error {
	return ptracePtr("PTRACE_SETSIGMASK", unix.PTRACE_SETSIGMASK, tid, unsafe.Sizeof(set), unsafe.Pointer(&set))
}

// SyscallInfo is struct ptrace_syscall_info (since 5.3).
type SyscallInfo struct {
	Op   uint8 // unix.PTRACE_SYSCALL_INFO_*
	_    [3]byte
	Arch uint32 // AUDIT_ARCH of the call that the thread is in or made last
	IP   uint64
	SP   uint64
	Nr   uint64    // on entry; on exit the result
	Args [6]uint64 // on entry
	Data uint64    // of a PTRACE_EVENT_SECCOMP stop
}

// PtraceGetSyscallInfo tells what call a thread is stopped at.
func PtraceGetSyscallInfo(tid int) (SyscallInfo, error) {
	var info SyscallInfo
	err := ptracePtr("PTRACE_GET_SYSCALL_INFO", unix.PTRACE_GET_SYSCALL_INFO, tid, unsafe.Sizeof(info), unsafe.Pointer(&info))
	return info, err
}

// Rseq is where a thread keeps its area of restartable sequences (rseq(2)).
type Rseq struct {
	Pointer   uint64
	Size      uint32
	Signature uint32
	Flags     uint32
	_         uint32
}

// PtraceGetRseq tells the thread's area; its Pointer is 0 where the thread has
// registered none (since 5.13).
func PtraceGetRseq(tid int) (Rseq, error) {
	var r Rseq
	err := ptracePtr("PTRACE_GET_RSEQ_CONFIGURATION", unix.PTRACE_GET_RSEQ_CONFIGURATION, tid, unsafe.Sizeof(r), unsafe.Pointer(&r))
	return r, err
}

// PtraceDispatches reports whether a thread's calls are handed to the thread
// itself before anything else sees them, by PR_SET_SYSCALL_USER_DISPATCH (5.11;
// the question, since 6.4).
func PtraceDispatches(tid int) bool {
	var config struct{ mode, selector, offset, length uint64 }
	err := ptracePtr("PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG", unix.PTRACE_GET_SYSCALL_USER_DISPATCH_CONFIG, tid, unsafe.Sizeof(config), unsafe.Pointer(&config))
	return err == nil && config.mode != unix.PR_SYS_DISPATCH_OFF
}

func ptrace(op string, request, tid int, addr, data uintptr) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	return ptraceError(op, tid, errno)
}

func ptracePtr(op string, request, tid int, addr uintptr, data unsafe.Pointer) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, uintptr(data), 0, 0)
	runtime.KeepAlive(data)
	return ptraceError(op, tid, errno)
}

func ptraceError(op string, tid int, errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return &Error{"ptrace(" + op + ")", Tracing, tid, errno}
}
