package kernel

import (
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// AccessExecute is nil if the effective user may execute the file.
func AccessExecute(path string) error {
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.X_OK, unix.AT_EACCESS); err != nil {
		return &Error{"faccessat(" + path + ")", Exec, 0, err}
	}
	return nil
}

// OpenPath opens a file or a folder as a mere place in the tree (O_PATH), which
// needs no right on it. Links are followed. The caller closes it.
func OpenPath(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, &Error{"open(" + path + ", O_PATH)", Landlock, 0, err}
	}
	return fd, nil
}

// Close closes a descriptor.
func Close(fd int) { _ = unix.Close(fd) }

// Place tells one file from all others while it is there.
type Place struct {
	Device, Inode uint64
	Folder        bool
}

// PlaceOf returns the place of an open file.
func PlaceOf(fd int) (Place, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return Place{}, &Error{"fstat", Landlock, 0, err}
	}
	return Place{uint64(st.Dev), st.Ino, st.Mode&unix.S_IFMT == unix.S_IFDIR}, nil
}

// The functions below try on the calling thread what a layer should have
// stopped, and return the errno, nil if it went through.

// TryReadFolder opens a folder for reading.
func TryReadFolder(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	Close(fd)
	return nil
}

// atExecveCheck is AT_EXECVE_CHECK of linux/fcntl.h (since 6.14; x/sys lacks
// it): everything of an execve but the execve. Older kernels say EINVAL.
const atExecveCheck = 0x10000

// TryExecute asks whether execve of the file would be let through.
func TryExecute(path string) error {
	name, err := unix.BytePtrFromString(path)
	if err != nil {
		return err
	}
	at := unix.AT_FDCWD
	argv := [2]*byte{name}
	var envp [1]*byte
	_, _, errno := unix.RawSyscall6(unix.SYS_EXECVEAT, uintptr(at), uintptr(unsafe.Pointer(name)),
		uintptr(unsafe.Pointer(&argv)), uintptr(unsafe.Pointer(&envp)), atExecveCheck, 0)
	runtime.KeepAlive(name)
	if errno != 0 {
		return errno
	}
	return nil
}

// TryConnectTCP connects to a port of 127.0.0.1 without waiting. tried is false
// if there was no socket to try with.
func TryConnectTCP(port uint16) (tried bool, err error) {
	return tryTCP(func(fd int) error {
		return unix.Connect(fd, &unix.SockaddrInet4{Port: int(port), Addr: [4]byte{127, 0, 0, 1}})
	})
}

// TryBindTCP binds to a port of 127.0.0.1, and gives it back.
func TryBindTCP(port uint16) (tried bool, err error) {
	return tryTCP(func(fd int) error {
		return unix.Bind(fd, &unix.SockaddrInet4{Port: int(port), Addr: [4]byte{127, 0, 0, 1}})
	})
}

func tryTCP(call func(fd int) error) (tried bool, err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false, err
	}
	defer Close(fd)
	return true, call(fd)
}

// Gettid returns the calling thread's id.
func Gettid() int { return unix.Gettid() }

// Nanosleep sleeps in the kernel, not in Go's scheduler.
func Nanosleep(d time.Duration) {
	ts := unix.NsecToTimespec(d.Nanoseconds())
	_ = unix.Nanosleep(&ts, nil)
}
