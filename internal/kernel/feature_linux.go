package kernel

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
)

// probeSeccomp tries to install a filter at a null address: EFAULT says that
// the kernel would have read one (seccomp(2), NOTES).
func probeSeccomp() error {
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, 0)
	switch errno {
	case unix.EFAULT:
		return nil
	case unix.ENOSYS, unix.EINVAL:
		return &UnsupportedFeatureError{"seccomp filters (seccomp(2))", sinceSeccomp, errno}
	}
	return &Error{"seccomp(SECCOMP_SET_MODE_FILTER)", Seccomp, 0, errno}
}

// probeMDWE reads the flags: an old kernel does not know the option.
func probeMDWE() error {
	_, err := GetMDWE()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return &UnsupportedFeatureError{"refusal of writable and executable memory (PR_SET_MDWE)", sinceMDWE, errors.Unwrap(err)}
	}
	return err
}

// probeAction asks for the action. Before 4.14 nobody could ask, and the
// actions of 3.5 were there.
func probeAction(action uint32) error {
	err := SeccompGetActionAvail(action)
	switch {
	case errors.Is(err, unix.EINVAL) && oldAction(action):
		return nil
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS):
		name, since := actionName(action)
		return &UnsupportedFeatureError{name, since, errors.Unwrap(err)}
	}
	return err
}

func oldAction(action uint32) bool {
	switch action {
	case unix.SECCOMP_RET_ALLOW, unix.SECCOMP_RET_ERRNO, unix.SECCOMP_RET_TRAP, unix.SECCOMP_RET_TRACE, unix.SECCOMP_RET_KILL_THREAD:
		return true
	}
	return false
}

func actionName(action uint32) (name string, since abi.Version) {
	switch action {
	case unix.SECCOMP_RET_KILL_PROCESS:
		return "seccomp action kill-process", sinceKillProcess
	case unix.SECCOMP_RET_LOG:
		return "seccomp action log", sinceKillProcess
	case unix.SECCOMP_RET_USER_NOTIF:
		return "seccomp action notify", sinceUserNotif
	}
	return fmt.Sprintf("seccomp action %#x", action), sinceFilter
}

func probeLandlock() (int, error) {
	v, err := LandlockABI()
	if err == nil {
		return v, nil
	}
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) {
		err = &UnsupportedFeatureError{"Landlock", LandlockSince(1), errors.Unwrap(err)}
	}
	return 0, err
}
