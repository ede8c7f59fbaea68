package kernel

import "golang.org/x/sys/unix"

// AwaitEnd returns when the process of a pidfd has ended (since 5.3).
func AwaitEnd(pidfd int) {
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, -1)
		if n > 0 || err != nil && err != unix.EINTR {
			return
		}
	}
}

// NotifOver reports whether no thread is left whose calls could arrive at a
// listener.
func NotifOver(listener int) bool {
	fds := []unix.PollFd{{Fd: int32(listener)}}
	n, err := unix.Poll(fds, 0)
	return err == nil && n > 0 && fds[0].Revents&unix.POLLHUP != 0
}
