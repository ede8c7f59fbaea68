package server

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// These calls have no address, as the policy demands. x/sys's functions would
// pass one, and ask each client's socket for its protocol.

// accept takes a client that waits at the listener.
func accept(listener int) (int, error) {
	fd, _, errno := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(listener), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

func send(fd int, data []byte) (int, error) {
	return transfer(unix.SYS_SENDTO, fd, data, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

func receive(fd int, into []byte) (int, error) {
	return transfer(unix.SYS_RECVFROM, fd, into, unix.MSG_DONTWAIT)
}

// transfer makes the call until no signal interrupts it.
func transfer(call uintptr, fd int, data []byte, flags uintptr) (int, error) {
	if len(data) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := syscall.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(&data[0])), uintptr(len(data)), flags, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}
