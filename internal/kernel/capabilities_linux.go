package kernel

import (
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// CapByName returns the number of a capability as policies write it:
// "NET_BIND_SERVICE", "net_bind_service" or with CAP_ before it.
func CapByName(name string) (uint, error) {
	short, _ := strings.CutPrefix(strings.ToLower(name), "cap_")
	v, err := cap.FromName("cap_" + short)
	if err != nil {
		return 0, fmt.Errorf("unknown capability %q", name)
	}
	return uint(v), nil
}

// CapNames lists the capabilities of the set as policies write them.
func CapNames(s CapSet) []string {
	names := []string{}
	for n := uint(0); n < 64; n++ {
		if s.Has(n) {
			names = append(names, strings.ToUpper(strings.TrimPrefix(cap.Value(n).String(), "cap_")))
		}
	}
	return names
}

// LastCap returns the number of the running kernel's last capability.
func LastCap() uint { return uint(cap.MaxBits()) - 1 }

// Capset gives the calling thread exactly the set as its permitted, effective
// and inheritable capabilities. (libcap's SetProc does so for all threads.)
func Capset(s CapSet) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	low, high := uint32(s), uint32(s>>32)
	data := [2]unix.CapUserData{{Effective: low, Permitted: low, Inheritable: low}, {Effective: high, Permitted: high, Inheritable: high}}
	_, _, errno := unix.RawSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0)
	return capError("capset", errno)
}

// CapBoundingDrop takes a capability out of the calling thread's bounding set:
// no exec gives it back. It needs CAP_SETPCAP.
func CapBoundingDrop(n uint) error {
	return capPrctl("PR_CAPBSET_DROP", unix.PR_CAPBSET_DROP, uintptr(n), 0)
}

// CapBoundingRead reports whether the bounding set of the calling thread has the capability.
func CapBoundingRead(n uint) (bool, error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0, 0)
	return r == 1, capError("prctl(PR_CAPBSET_READ)", errno)
}

// CapAmbientClear empties the ambient set of the calling thread.
func CapAmbientClear() error {
	return capPrctl("PR_CAP_AMBIENT_CLEAR_ALL", unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0)
}

// CapAmbientRaise makes a capability, permitted and inheritable already, one
// that a program without file capabilities keeps through exec.
func CapAmbientRaise(n uint) error {
	return capPrctl("PR_CAP_AMBIENT_RAISE", unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(n))
}

// SetKeepCaps lets the calling thread keep its permitted capabilities when its
// user ids leave 0. The next exec clears it.
func SetKeepCaps() error { return capPrctl("PR_SET_KEEPCAPS", unix.PR_SET_KEEPCAPS, 1, 0) }

func capPrctl(op string, option, arg, arg2 uintptr) error {
	_, _, errno := unix.RawSyscall6(unix.SYS_PRCTL, option, arg, arg2, 0, 0, 0)
	return capError("prctl("+op+")", errno)
}

func capError(op string, errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return &Error{op, Capabilities, unix.Gettid(), errno}
}
