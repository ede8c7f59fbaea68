package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"

	"golang.org/x/sys/unix"
)

// listener is a socket that clients connect to.
type listener struct {
	fd      int
	address string // for people
}

// listen opens all sockets of the configuration, or none.
func (c *Config) listen() (all []listener, err error) {
	defer func() {
		if err != nil {
			closeAll(all)
			all = nil
		}
	}()
	if c.Unix != "" {
		l, err := listenUnix(c.Unix, c.Mode, c.Backlog)
		if err != nil {
			return nil, fmt.Errorf("listening on %s: %w", c.Unix, err)
		}
		return []listener{l}, nil
	}
	for _, address := range c.addresses() {
		at := netip.AddrPortFrom(address, uint16(max(c.Port, 0)))
		l, err := listenTCP(at, c.Backlog)
		if err != nil {
			return all, fmt.Errorf("listening on %v: %w", at, err)
		}
		all = append(all, l)
	}
	return all, nil
}

func closeAll(all []listener) {
	for _, l := range all {
		unix.Close(l.fd)
	}
}

// addresses are those to listen on. IPv6's wildcard takes IPv4's clients, too,
// where the system has IPv6.
func (c *Config) addresses() []netip.Addr {
	if len(c.Addresses) > 0 {
		return c.Addresses
	}
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return []netip.Addr{netip.IPv4Unspecified()}
	}
	unix.Close(fd)
	return []netip.Addr{netip.IPv6Unspecified()}
}

func listenTCP(at netip.AddrPort, backlog int) (listener, error) {
	family, address := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(at.Port()), Addr: v4(at.Addr())})
	if at.Addr().Is6() {
		family, address = unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	}
	return listenOn(family, address, backlog, func(fd int) error {
		wildcard := 0
		if at.Addr().Is6() && !at.Addr().IsUnspecified() {
			wildcard = 1
		}
		err := errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1),
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)) // clients' sockets inherit them
		if family == unix.AF_INET6 {
			err = errors.Join(err, unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, wildcard))
		}
		return err
	})
}

func v4(a netip.Addr) (b [4]byte) {
	if a.Is4() {
		b = a.As4()
	}
	return b
}

// listenUnix makes a socket in the file system, in the place of one that an
// earlier server has left there, but of nothing else.
func listenUnix(path string, mode fs.FileMode, backlog int) (listener, error) {
	var old unix.Stat_t
	if unix.Fstatat(unix.AT_FDCWD, path, &old, unix.AT_SYMLINK_NOFOLLOW) == nil && old.Mode&unix.S_IFMT == unix.S_IFSOCK {
		if err := unix.Unlinkat(unix.AT_FDCWD, path, 0); err != nil {
			return listener{}, err
		}
	}
	mask := unix.Umask(int(^mode & 0o777))
	defer unix.Umask(mask)
	return listenOn(unix.AF_UNIX, &unix.SockaddrUnix{Name: path}, backlog, func(int) error { return nil })
}

// listenOn makes a socket and prepares it before it is bound.
func listenOn(family int, address unix.Sockaddr, backlog int, prepare func(fd int) error) (listener, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return listener{}, err
	}
	for _, step := range []func() error{
		func() error { return prepare(fd) },
		func() error { return unix.Bind(fd, address) },
		func() error { return unix.Listen(fd, backlog) },
	} {
		if err := step(); err != nil {
			unix.Close(fd)
			return listener{}, err
		}
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		unix.Close(fd)
		return listener{}, err
	}
	return listener{fd, text(bound)}, nil
}

// text is an address for people.
func text(a unix.Sockaddr) string {
	switch a := a.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)).String()
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)).String()
	case *unix.SockaddrUnix:
		return a.Name
	}
	return "?"
}
