package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// reservePort finds a TCP port of the loopback for a server that is told its
// number. Until release the kernel gives it to nobody who asks for any port, and
// yet lets a server have it that listens with SO_REUSEADDR, as Go's do: it is
// bound with that here, and nobody listens (net/ipv4/inet_connection_sock.c).
func reservePort() (port int, release func(), err error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("socket: %w", err)
	}
	release = func() { _ = unix.Close(fd) }
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	if err != nil {
		release()
		return 0, nil, fmt.Errorf("no port is free: %w", err)
	}
	name, err := unix.Getsockname(fd)
	bound, ok := name.(*unix.SockaddrInet4)
	if err != nil || !ok {
		release()
		return 0, nil, fmt.Errorf("getsockname: %w", errors.Join(err, unix.EAFNOSUPPORT))
	}
	return bound.Port, release, nil
}
