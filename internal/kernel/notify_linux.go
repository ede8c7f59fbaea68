package kernel

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

// Notification is a call that waits for an answer (struct seccomp_notif).
type Notification struct {
	ID    uint64 // answers name it
	PID   uint32 // the thread's id as this process sees it, 0 if it cannot
	Flags uint32
	Data  bpf.Data
}

// NotifResponse is the answer to a Notification (struct seccomp_notif_resp).
type NotifResponse struct {
	ID    uint64
	Val   int64  // what the call returns if Error is 0
	Error int32  // a negative errno, or 0
	Flags uint32 // SECCOMP_USER_NOTIF_FLAG_CONTINUE runs the call; Val and Error are 0 then
}

// NotifContinue lets the call run. It is no security decision: the memory that
// the call's pointers lead to may have changed (seccomp_unotify(2)).
const NotifContinue = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE

// NotifRecv waits for a call on a listener. ENOENT says that the thread died
// meanwhile, EINTR that a signal arrived; the caller goes on in both cases.
func NotifRecv(listener int) (Notification, error) {
	sizes, err := SeccompGetNotifSizes()
	if err != nil {
		return Notification{}, err
	}
	// The kernel writes as many bytes as it likes, and wants them to be zero.
	buffer := make([]uint64, (max(uintptr(sizes.Notif), unsafe.Sizeof(Notification{}))+7)/8)
	if err := notifIoctl("SECCOMP_IOCTL_NOTIF_RECV", listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&buffer[0])); err != nil {
		return Notification{}, err
	}
	n := *(*Notification)(unsafe.Pointer(&buffer[0]))
	return n, nil
}

// NotifSend answers a notification. ENOENT says that nobody waits for it any more.
func NotifSend(listener int, r NotifResponse) error {
	sizes, err := SeccompGetNotifSizes()
	if err != nil {
		return err
	}
	buffer := make([]uint64, (max(uintptr(sizes.Resp), unsafe.Sizeof(r))+7)/8)
	*(*NotifResponse)(unsafe.Pointer(&buffer[0])) = r
	return notifIoctl("SECCOMP_IOCTL_NOTIF_SEND", listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&buffer[0]))
}

// NotifIDValid is ENOENT if the thread of a notification waits no more, so
// that what was read of its memory may be another's.
func NotifIDValid(listener int, id uint64) error {
	return notifIoctl("SECCOMP_IOCTL_NOTIF_ID_VALID", listener, unix.SECCOMP_IOCTL_NOTIF_ID_VALID, unsafe.Pointer(&id))
}

func notifIoctl(op string, listener int, request uint, arg unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), uintptr(request), uintptr(arg))
	runtime.KeepAlive(arg)
	if errno != 0 {
		return &Error{op, Seccomp, 0, errno}
	}
	return nil
}

// The layouts must be the kernel's; a mismatch does not compile.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(Notification{})-80]
	_ = [1]struct{}{}[unsafe.Sizeof(NotifResponse{})-24]
)

// SeccompHasFlag reports whether SeccompSetModeFilter takes the flags: EFAULT
// for a null address says that the kernel would have read a filter there
// (seccomp(2), NOTES). A filter may also be what answers.
func SeccompHasFlag(flags uint) bool {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, uintptr(flags), 0)
	return errno == unix.EFAULT
}
