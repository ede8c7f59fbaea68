package server

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// worker serves its share of the clients on a thread of its own.
type worker struct {
	server *Server
	poll   *poll
	waker  waker
	inbox  inbox

	connections map[int32]*connection // by descriptor
	queue       []*connection         // those that have more to do than one turn
	input       [readSize]byte
	output      []byte
}

// inbox is where main leaves descriptors for a worker.
type inbox struct {
	mu   sync.Mutex
	fds  []int
	stop bool
}

func newWorker(s *Server) (*worker, error) {
	w := &worker{server: s, connections: map[int32]*connection{}}
	var err error
	if w.poll, err = newPoll(); err != nil {
		return nil, err
	}
	if w.waker, err = newWaker(); err != nil {
		return nil, err
	}
	return w, w.poll.add(w.waker.receive, unix.EPOLLIN)
}

// take gives the worker a new client. Main calls it.
func (w *worker) take(fd int) {
	w.inbox.mu.Lock()
	w.inbox.fds = append(w.inbox.fds, fd)
	w.inbox.mu.Unlock()
	w.waker.wake()
}

// stop makes run return.
func (w *worker) stop() {
	w.inbox.mu.Lock()
	w.inbox.stop = true
	w.inbox.mu.Unlock()
	w.waker.wake()
}

// run serves until it is stopped, and then closes all connections.
func (w *worker) run() error {
	defer w.close()
	for {
		patience := forEver
		if len(w.queue) > 0 {
			patience = notAtAll
		}
		events, err := w.poll.wait(patience)
		if err != nil {
			return fmt.Errorf("a worker waiting for events: %w", err)
		}
		for i := range events {
			if events[i].Fd == int32(w.waker.receive) {
				if !w.welcome() {
					return nil
				}
				continue
			}
			if c := w.connections[events[i].Fd]; c != nil && !c.queued {
				w.serve(c)
			}
		}
		w.continueQueue()
	}
}

// continueQueue gives those another turn who had more to do before this one.
func (w *worker) continueQueue() {
	waiting := w.queue
	w.queue = nil
	for _, c := range waiting {
		c.queued = false
		if !c.gone {
			w.serve(c)
		}
	}
}

// welcome takes in new clients. It reports false if the worker is to stop.
func (w *worker) welcome() bool {
	w.waker.drain()
	w.inbox.mu.Lock()
	fds, stop := w.inbox.fds, w.inbox.stop
	w.inbox.fds = nil
	w.inbox.mu.Unlock()
	for _, fd := range fds {
		c := &connection{fd: fd, session: w.server.cache.NewSession(), waits: unix.EPOLLIN}
		w.connections[int32(fd)] = c
		if err := w.poll.add(fd, c.waits); err != nil {
			w.drop(c)
		}
	}
	return !stop
}

// close lets go of everything. What has been answered is written if its client
// takes it.
func (w *worker) close() {
	for _, c := range w.connections {
		if len(c.out) > 0 {
			w.flush(c)
		}
		w.drop(c)
	}
	w.poll.close()
	w.waker.close()
}
