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
