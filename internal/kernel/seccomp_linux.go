package kernel

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

// Flags of SeccompSetModeFilter (seccomp(2)).
const (
	FilterTSYNC                = unix.SECCOMP_FILTER_FLAG_TSYNC
	FilterLog                  = unix.SECCOMP_FILTER_FLAG_LOG
	FilterSpecAllow            = unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW
	FilterNewListener          = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	FilterTSYNCESRCH           = unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH
	FilterWaitKillableRecv     = unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	maxFilterLength        int = 0xffff // what struct sock_fprog can say; admission stops at 4096
)

// SeccompSetModeFilter installs a filter on the calling thread, and with
// FilterTSYNC on all others. It needs no_new_privs or CAP_SYS_ADMIN. The
// result is the listener's descriptor with FilterNewListener, otherwise 0.
//
// A thread that TSYNC could not bring along is an Error with that Thread and
// ESRCH; then no filter was installed. The kernel tells it by a positive
// result or, with FilterTSYNCESRCH, does not (kernel/seccomp.c:seccomp_set_mode_filter).
func SeccompSetModeFilter(prog bpf.Program, flags uint) (int, error) {
	fprog, err := sockFprog(prog)
	if err != nil {
		return 0, err
	}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), uintptr(unsafe.Pointer(fprog)))
	runtime.KeepAlive(prog)
	const op = "seccomp(SECCOMP_SET_MODE_FILTER)"
	switch {
	case errno == unix.ENOSYS:
		return 0, &UnsupportedFeatureError{"seccomp(2)", sinceSeccomp, errno}
	case errno == unix.ENOMEM:
		return 0, &Error{op, Seccomp, unix.Gettid(), errBudget}
	case errno != 0:
		return 0, &Error{op, Seccomp, unix.Gettid(), errno}
	case r > 0 && flags&FilterTSYNC != 0 && flags&FilterNewListener == 0:
		return 0, &Error{op, Seccomp, int(r), unix.ESRCH}
	}
	return int(r), nil
}

// errBudget is what the kernel says ENOMEM for (kernel/seccomp.c:seccomp_attach_filter).
var errBudget = fmt.Errorf("%w: with the filters that are installed already it costs more than the %d instructions that the kernel grants a thread; install fewer, or shorter ones", unix.ENOMEM, bpf.Budget)

// sockFprog lays out a program for the kernel. It points into prog, whose
// Instruction is struct sock_filter in memory.
func sockFprog(prog bpf.Program) (*unix.SockFprog, error) {
	if len(prog) == 0 || len(prog) > maxFilterLength {
		return nil, &Error{"seccomp(SECCOMP_SET_MODE_FILTER)", Seccomp, 0, unix.EINVAL}
	}
	return &unix.SockFprog{
		Len:    uint16(len(prog)),
		Filter: (*unix.SockFilter)(unsafe.Pointer(unsafe.SliceData(prog))),
	}, nil
}

// The layouts must agree; a mismatch does not compile.
var _ = [1]struct{}{}[unsafe.Sizeof(bpf.Instruction{})-unsafe.Sizeof(unix.SockFilter{})]

// SeccompGetActionAvail asks whether filters may return the action, one of the
// SECCOMP_RET_* values without data; nil if so (since 4.14).
func SeccompGetActionAvail(action uint32) error {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	if errno != 0 {
		return &Error{"seccomp(SECCOMP_GET_ACTION_AVAIL)", Seccomp, 0, errno}
	}
	return nil
}

// NotifSizes are the sizes in bytes of the kernel's structs seccomp_notif,
// seccomp_notif_resp and seccomp_data, which may be larger than ours.
type NotifSizes struct{ Notif, Resp, Data uint16 }

// SeccompGetNotifSizes asks for the sizes that the listener's ioctls use (since 5.0).
func SeccompGetNotifSizes() (NotifSizes, error) {
	var sizes NotifSizes
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_NOTIF_SIZES, 0, uintptr(unsafe.Pointer(&sizes)))
	if errno != 0 {
		return NotifSizes{}, &Error{"seccomp(SECCOMP_GET_NOTIF_SIZES)", Seccomp, 0, errno}
	}
	return sizes, nil
}
