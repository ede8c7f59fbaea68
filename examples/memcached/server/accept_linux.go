package server

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// tooMany is what a client hears for whom there is no room.
const tooMany = "ERROR Too many open connections\r\n"

// pauseTime is how long, in milliseconds, main leaves clients waiting when the
// process has no descriptor left for them.
const pauseTime = 20

// accept is main's loop: it accepts clients until it is stopped.
func (s *Server) accept() error {
	for !s.stopping.Load() {
		patience := forEver
		if s.paused.Load() {
			patience = pauseTime
		}
		events, err := s.poll.wait(patience)
		if err != nil {
			return fmt.Errorf("waiting for clients: %w", err)
		}
		if len(events) == 0 {
			s.pause(false)
		}
		for i := range events {
			if events[i].Fd == int32(s.waker.receive) {
				s.waker.drain()
				continue
			}
			s.acceptFrom(int(events[i].Fd))
		}
	}
	return nil
}

// acceptFrom accepts who waits at a listener, though not for ever.
func (s *Server) acceptFrom(listener int) {
	for range 64 {
		fd, err := accept(listener)
		switch err {
		case nil:
			s.hand(fd)
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			s.pause(true)
			return
		case unix.EINTR, unix.ECONNABORTED:
		default:
			return
		}
	}
}

// hand gives a client to the next worker, or sends it away.
func (s *Server) hand(fd int) {
	if s.current.Add(1) > int64(s.config.MaxConnections) {
		s.current.Add(-1)
		s.rejected.Add(1)
		_, _ = send(fd, []byte(tooMany))
		unix.Close(fd)
		return
	}
	s.total.Add(1)
	s.workers[s.next].take(fd)
	s.next = (s.next + 1) % len(s.workers)
}

// pause stops or resumes listening: a listener that cannot be accepted from
// would wake main again and again.
func (s *Server) pause(on bool) {
	events := uint32(unix.EPOLLIN)
	if on {
		events = 0
		s.listenDisabled.Add(1)
	}
	s.paused.Store(on)
	for _, l := range s.listeners {
		_ = s.poll.change(l.fd, events)
	}
}
