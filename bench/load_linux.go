package main

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"
)

// load is a way in which clients use memcached.
type load struct {
	name string
	// run makes about so many operations and returns how many it made.
	run func(port, operations int) (int, error)
}

const pipelined = 32

// loads are those that are measured.
var loads = []load{
	{"one request in flight", func(port, n int) (int, error) { return requests(port, n, 1) }},
	{"32 pipelined", func(port, n int) (int, error) { return requests(port, n, pipelined) }},
	{"connect, get, close", connections},
}

// The one item, and how it is stored, asked for and answered.
var (
	value   = bytes.Repeat([]byte("v"), 100)
	storing = fmt.Appendf(nil, "set key 0 0 %d\r\n%s\r\n", len(value), value)
	getting = []byte("get key\r\n")
	answer  = fmt.Appendf(nil, "VALUE key 0 %d\r\n%s\r\nEND\r\n", len(value), value)
)

// requests gets the item again and again on one connection, so many at once.
func requests(port, operations, atOnce int) (int, error) {
	c, err := dial(port)
	if err != nil {
		return 0, err
	}
	defer c.close()
	ask, want := bytes.Repeat(getting, atOnce), bytes.Repeat(answer, atOnce)
	done := 0
	for done < operations {
		if err := c.exchange(ask, want); err != nil {
			return 0, err
		}
		done += atOnce
	}
	return done, nil
}

// connections gets the item once on each of many connections.
func connections(port, operations int) (int, error) {
	for range operations {
		c, err := dial(port)
		if err != nil {
			return 0, err
		}
		err = c.exchange(getting, answer)
		c.close()
		if err != nil {
			return 0, err
		}
	}
	return operations, nil
}

// client is a connection by plain blocking calls: what the client does must
// cost little and be the same every time.
type client struct {
	fd     int
	buffer [8192]byte
}

func dial(port int) (*client, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	c := &client{fd: fd}
	err = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 10})
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	}
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *client) close() { unix.Close(c.fd) }

// store puts the item into the cache.
func (c *client) store() error { return c.exchange(storing, []byte("STORED\r\n")) }

// exchange sends a request and demands exactly this answer.
func (c *client) exchange(ask, want []byte) error {
	if n, err := unix.Write(c.fd, ask); err != nil || n != len(ask) {
		return fmt.Errorf("sent %d of %d bytes: %w", n, len(ask), err)
	}
	for len(want) > 0 {
		n, err := unix.Read(c.fd, c.buffer[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			return fmt.Errorf("%d bytes of the answer are missing: %w", len(want), err)
		}
		if n > len(want) || !bytes.Equal(c.buffer[:n], want[:n]) {
			return fmt.Errorf("answered %q", c.buffer[:n])
		}
		want = want[n:]
	}
	return nil
}
