package kernel

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Signals is what a program inherits of its parent's signals through exec.
type Signals struct {
	Ignored uint64   // bit n-1 for signal n
	Blocked [16]byte // the kernel's sigset_t, of which it reads sigsetSize bytes
	Exact   bool     // both are what this process was started with, not what Go's runtime left of it
}

// InheritedSignals tells which signals this process was started with as
// ignored and blocked. Go's runtime puts handlers over all but SIGHUP and
// SIGINT, and exec would make those defaults, so that a program started
// through us under nohup, by systemd (SIGPIPE) or by a shell's `&` (SIGQUIT)
// would find other dispositions than its parent chose.
//
// What was before the runtime came is only in the runtime's memory; see
// runtimeSignals. Where that cannot be read (a binary without symbols) the
// present state is returned and Exact is false.
func InheritedSignals() Signals {
	var s Signals
	if err := sigprocmask(nil, &s.Blocked); err != nil {
		return s
	}
	for sig := 1; sig <= lastSignal; sig++ {
		if handler, err := sigaction(sig); err == nil && handler == sigIgnore {
			s.Ignored |= 1 << (sig - 1)
		}
	}
	ignored, blocked, ok := runtimeSignals()
	if ok {
		s.Ignored |= ignored
		s.Blocked = blocked
		s.Exact = true
	}
	return s
}

// RestoreSignals gives the process the dispositions and the calling thread the
// mask that s says. From then on no handler of Go's runtime runs: signals do
// what they would do to a program that knows nothing of them. Only what leads
// straight to an exec or an exit may follow.
func RestoreSignals(s Signals) error {
	for sig := 1; sig <= lastSignal; sig++ {
		if sig == int(unix.SIGKILL) || sig == int(unix.SIGSTOP) {
			continue
		}
		handler := uintptr(sigDefault)
		if s.Ignored>>(sig-1)&1 != 0 {
			handler = sigIgnore
		}
		if err := setSigaction(sig, handler); err != nil {
			return err
		}
	}
	return sigprocmask(&s.Blocked, nil)
}

// RestoreNoFile undoes what Go's runtime does to the soft limit on descriptors
// at start: it raises it to the hard one, and puts it back when syscall.Exec
// is called. We do not exec by that, so we call it in vain.
func RestoreNoFile() { _ = syscall.Exec("", nil, nil) }

const (
	sigDefault = 0
	sigIgnore  = 1
	lastSignal = 64
)

const mips = runtime.GOARCH == "mips" || runtime.GOARCH == "mipsle" || runtime.GOARCH == "mips64" || runtime.GOARCH == "mips64le"

// sigsetSize is the size of the kernel's sigset_t in bytes: a bit for each of
// 64 signals, 128 on mips.
func sigsetSize() uintptr {
	if mips {
		return 16
	}
	return 8
}

// kernelSigaction is large enough for the kernel's struct sigaction anywhere.
// The handler is its first word, on mips its second, after the flags.
type kernelSigaction [8]uintptr

func (a *kernelSigaction) handler() *uintptr {
	if mips {
		return &a[1]
	}
	return &a[0]
}

func sigaction(sig int) (handler uintptr, err error) {
	var old kernelSigaction
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), 0, uintptr(unsafe.Pointer(&old)), sigsetSize(), 0, 0)
	if errno != 0 {
		return 0, &Error{"rt_sigaction", Exec, 0, errno}
	}
	return *old.handler(), nil
}

func setSigaction(sig int, handler uintptr) error {
	var act kernelSigaction
	*act.handler() = handler
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&act)), 0, sigsetSize(), 0, 0)
	if errno != 0 {
		return &Error{"rt_sigaction", Exec, 0, errno}
	}
	return nil
}

// sigprocmask sets the calling thread's mask, reads the old one, or both.
func sigprocmask(set, old *[16]byte) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(old)), sigsetSize(), 0, 0)
	if errno != 0 {
		return &Error{"rt_sigprocmask", Exec, unix.Gettid(), errno}
	}
	return nil
}
