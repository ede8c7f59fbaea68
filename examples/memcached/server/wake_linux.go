package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// waker lets other threads wake one that waits in its epoll. It is a pair of
// sockets rather than an eventfd, so that its thread needs no read and no
// write, which would work on files, too.
type waker struct{ receive, send int }

func newWaker() (waker, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	return waker{pair[0], pair[1]}, err
}

// wake may be called by any thread, any number of times. A pair that is full
// of bytes will wake its thread as it is.
func (w waker) wake() { _, _ = send(w.send, []byte{0}) }

// drain forgets the wakings so far.
func (w waker) drain() {
	var buffer [64]byte
	for {
		if n, err := receive(w.receive, buffer[:]); n <= 0 || err != nil {
			return
		}
	}
}

func (w waker) close() {
	unix.Close(w.receive)
	unix.Close(w.send)
}

// runtimeWake is the eventfd by which Go's runtime wakes the thread that waits
// in its epoll: any thread may have to write it at any time (runtime/netpoll_epoll.go).
func runtimeWake() (int, error) {
	time.Sleep(time.Nanosecond) // the first timer makes the runtime open it
	const dir = "/proc/self/fd"
	names, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		if target, err := os.Readlink(filepath.Join(dir, name.Name())); err != nil || target != "anon_inode:[eventpoll]" {
			continue
		}
		if fd, ok := eventfdIn(name.Name()); ok {
			return fd, nil
		}
	}
	return 0, errors.New("the eventfd of Go's runtime is not among the open descriptors")
}

// eventfdIn looks for an eventfd among those that an epoll waits for.
func eventfdIn(epoll string) (fd int, ok bool) {
	text, err := os.ReadFile("/proc/self/fdinfo/" + epoll)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "tfd:" {
			continue
		}
		target, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%s", words[1]))
		if err == nil && target == "anon_inode:[eventfd]" {
			fd, err = strconv.Atoi(words[1])
			return fd, err == nil
		}
	}
	return 0, false
}
