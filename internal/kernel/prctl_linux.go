package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// SetNoNewPrivs sets no_new_privs on the calling thread: from then on no exec
// grants what the thread does not have. It cannot be unset (since 3.5).
func SetNoNewPrivs() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return &Error{"prctl(PR_SET_NO_NEW_PRIVS)", NoNewPrivs, unix.Gettid(), err}
	}
	return nil
}

// SetMDWE refuses the whole process new executable memory: mapping memory
// that is both writable and executable, and making memory executable. It
// survives exec, is inherited by forks, and cannot be unset (since 6.3).
func SetMDWE() error {
	err := unix.Prctl(unix.PR_SET_MDWE, unix.PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)
	if err != nil {
		return &Error{"prctl(PR_SET_MDWE)", Memory, 0, err}
	}
	return nil
}

// GetMDWE reports whether the process is refused new executable memory.
func GetMDWE() (bool, error) {
	r, err := unix.PrctlRetInt(unix.PR_GET_MDWE, 0, 0, 0, 0)
	if err != nil {
		return false, &Error{"prctl(PR_GET_MDWE)", Memory, 0, err}
	}
	return r&unix.PR_MDWE_REFUSE_EXEC_GAIN != 0, nil
}

// SetPtracer lets a process that is no ancestor trace this one, where the
// security module Yama asks for that; without Yama it does nothing.
func SetPtracer(pid int) error {
	err := unix.Prctl(unix.PR_SET_PTRACER, uintptr(pid), 0, 0, 0)
	if err != nil && err != unix.EINVAL { // no Yama
		return &Error{"prctl(PR_SET_PTRACER)", Exec, pid, err}
	}
	return nil
}

// ChildSubreaper reports whether orphaned descendants become this process's
// children (since 3.4).
func ChildSubreaper() (bool, error) {
	var on int32
	if err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&on)), 0, 0, 0); err != nil {
		return false, &Error{"prctl(PR_GET_CHILD_SUBREAPER)", Exec, 0, err}
	}
	return on != 0, nil
}

// SetChildSubreaper sets whether they do.
func SetChildSubreaper(on bool) error {
	var value uintptr
	if on {
		value = 1
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, value, 0, 0, 0); err != nil {
		return &Error{"prctl(PR_SET_CHILD_SUBREAPER)", Exec, 0, err}
	}
	return nil
}
