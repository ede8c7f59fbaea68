package kernel

import (
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// The functions below do on every thread of this process what their namesakes
// do on one. A thread on which the kernel answers otherwise than on the first
// ends the process: half of it narrowed is no state to go on from. Threads that
// start meanwhile are not missed. Without cgo it is the runtime that makes each
// thread call (syscall.AllThreadsSyscall), with cgo a signal of libpsx.

// SetNoNewPrivsAll sets no_new_privs on all threads.
func SetNoNewPrivsAll() error {
	if _, _, errno := psx.Syscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return &Error{"prctl(PR_SET_NO_NEW_PRIVS)", NoNewPrivs, 0, errno}
	}
	return nil
}

// LandlockRestrictSelfAll puts all threads into a new domain that enforces the
// ruleset besides those they are in. They need no_new_privs or CAP_SYS_ADMIN.
func LandlockRestrictSelfAll(ruleset int) error {
	if _, _, errno := psx.Syscall3(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); errno != 0 {
		return &Error{"landlock_restrict_self", Landlock, 0, errno}
	}
	return nil
}
