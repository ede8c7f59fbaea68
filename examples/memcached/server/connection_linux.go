package server

import (
	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/examples/memcached/protocol"
)

// connection is a client of one worker.
type connection struct {
	fd      int
	session *protocol.Session
	status  protocol.Status

	in  []byte // what came and is not used up: at most a line
	out []byte // answers that the client is slow to take

	waits  uint32 // for what its worker's epoll waits
	queued bool   // it has its turn once the others have had theirs
	gone   bool
}

// The largest read, and the largest buffers that are kept once they are empty.
const (
	readSize = 16 << 10
	keepSize = 64 << 10
)

// turns is how many reads or answers a connection may have before others have
// their turn.
const turns = 16

// serve does what can be done for a connection without waiting.
func (w *worker) serve(c *connection) {
	for range turns {
		switch more := w.turn(c); {
		case c.gone:
			return
		case !more:
			w.await(c)
			return
		}
	}
	if !c.queued {
		c.queued = true
		w.queue = append(w.queue, c)
	}
}

// turn writes what is to be written, reads if the session asks for more, and
// lets it answer. more is false if the client must do something first.
func (w *worker) turn(c *connection) (more bool) {
	if len(c.out) > 0 && !w.flush(c) {
		return false
	}
	if c.status == protocol.Closed {
		w.drop(c)
		return false
	}
	input := c.in
	if c.status == protocol.Hungry {
		n := w.read(c)
		if n == 0 {
			return false
		}
		input = w.input[:n]
		if len(c.in) > 0 {
			c.in = append(c.in, input...)
			input = c.in
		}
		more = n == len(w.input)
	}
	used, out, status := c.session.Advance(input, w.output[:0])
	c.status = status
	c.keep(input[used:])
	w.answer(c, out)
	return more || status != protocol.Hungry
}

// read reads into the worker's buffer. 0 is nothing, for now or for ever.
func (w *worker) read(c *connection) int {
	n, err := receive(c.fd, w.input[:])
	switch {
	case err == unix.EAGAIN:
		return 0
	case err != nil || n == 0:
		w.drop(c)
		return 0
	}
	w.server.cache.Counters.BytesRead.Add(uint64(n))
	return n
}

// keep keeps input that is not used up. rest may lie in c.in.
func (c *connection) keep(rest []byte) {
	if len(rest) == 0 && cap(c.in) > readSize {
		c.in = nil
		return
	}
	c.in = append(c.in[:0], rest...)
}

// answer writes out, which is the worker's buffer, and keeps what the client
// does not take.
func (w *worker) answer(c *connection, out []byte) {
	if cap(out) <= keepSize*2 {
		w.output = out[:0]
	}
	rest, ok := w.write(c, out)
	if ok && len(rest) > 0 {
		c.out = append([]byte(nil), rest...)
	}
}

// flush writes what was kept. It reports whether all of it is gone.
func (w *worker) flush(c *connection) bool {
	rest, ok := w.write(c, c.out)
	c.out = rest
	if len(rest) == 0 {
		c.out = nil
	}
	return ok && len(rest) == 0
}

// write writes what the client takes.
func (w *worker) write(c *connection, out []byte) (rest []byte, ok bool) {
	for len(out) > 0 {
		n, err := send(c.fd, out)
		if err == unix.EAGAIN {
			break
		}
		if err != nil {
			w.drop(c)
			return nil, false
		}
		w.server.cache.Counters.BytesWritten.Add(uint64(n))
		out = out[n:]
	}
	return out, true
}

// await tells the worker's epoll what the connection waits for.
func (w *worker) await(c *connection) {
	waits := uint32(unix.EPOLLIN)
	if len(c.out) > 0 {
		waits = unix.EPOLLOUT
	}
	if waits == c.waits {
		return
	}
	c.waits = waits
	if err := w.poll.change(c.fd, waits); err != nil {
		w.drop(c)
	}
}

// drop closes the connection. The worker forgets it.
func (w *worker) drop(c *connection) {
	if c.gone {
		return
	}
	c.gone = true
	delete(w.connections, int32(c.fd))
	w.server.current.Add(-1) // before the client can see it, and come again
	unix.Close(c.fd)
}
