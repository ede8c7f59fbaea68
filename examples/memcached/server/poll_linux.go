package server

import "golang.org/x/sys/unix"

// poll is an epoll of a thread's own.
type poll struct {
	fd     int
	events [128]unix.EpollEvent
}

func newPoll() (*poll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	return &poll{fd: fd}, err
}

func (p *poll) add(fd int, events uint32) error {
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (p *poll) change(fd int, events uint32) error {
	return unix.EpollCtl(p.fd, unix.EPOLL_CTL_MOD, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

// How long wait waits, if not for a number of milliseconds.
const (
	forEver  = -1
	notAtAll = 0
)

// wait waits for events.
func (p *poll) wait(milliseconds int) ([]unix.EpollEvent, error) {
	for {
		n, err := unix.EpollWait(p.fd, p.events[:], milliseconds)
		if err != unix.EINTR {
			return p.events[:max(n, 0)], err
		}
	}
}

func (p *poll) close() { unix.Close(p.fd) }
