package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/examples/memcached/protocol"
	"github.com/narrow-sandbox/narrow/examples/memcached/store"
)

// Server is a running server.
type Server struct {
	config  Config
	sandbox *narrow.Sandbox // nil if it is unconfined
	cache   *protocol.Cache
	started time.Time
	pid     int

	poll      *poll
	waker     waker
	listeners []listener
	workers   []*worker
	next      int // the worker whose turn it is to be given a client

	stopping, paused                atomic.Bool
	current                         atomic.Int64 // connections now
	total, rejected, listenDisabled atomic.Uint64
}

// Run runs a server until ctx ends. It locks its goroutine to its thread for
// good, where it enters a phase, and should be called on the process's first
// one: then that thread is main.
func Run(ctx context.Context, config Config) error {
	if err := config.check(); err != nil {
		return err
	}
	runtime.LockOSThread()
	if config.Unconfined {
		defer runtime.UnlockOSThread()
	}
	s, err := start(config)
	if err != nil {
		return err
	}
	defer s.close()
	return s.serve(ctx)
}

// start opens the sockets in the first phase, and what threads wait by.
func start(config Config) (*Server, error) {
	s := &Server{config: config, started: time.Now(), pid: os.Getpid()}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if err := s.enter(PhaseInit); err != nil {
		return nil, err
	}
	for _, step := range []func() error{s.open, s.hire} {
		if err := step(); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

// prepare does what no phase allows.
func (s *Server) prepare() error {
	// The number of processors is looked up once: the runtime would ask for it
	// again and again, which no phase allows.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	s.cache = &protocol.Cache{
		Store:   store.New(store.Options{Bytes: s.config.Memory, MaxItem: s.config.MaxItem, NoEvict: s.config.NoEvict}),
		Version: Version,
		Server:  s.stats,
		Extra:   s.config.Hooks.Commands,
	}
	s.cache.Verbosity.Store(int32(s.config.Verbosity))
	if s.config.Unconfined {
		return nil
	}
	wake, err := runtimeWake()
	if err != nil {
		return err
	}
	s.sandbox, err = s.config.Sandbox(wake)
	return err
}

// enter takes the process to a phase.
func (s *Server) enter(phase string) error {
	if s.sandbox == nil {
		return nil
	}
	return s.entered(s.sandbox.Enter(phase))
}

// enterThread takes the calling thread to its class.
func (s *Server) enterThread(class string) error {
	if s.sandbox == nil {
		return nil
	}
	return s.entered(s.sandbox.EnterThread(class))
}

func (s *Server) entered(report *narrow.Report, err error) error {
	if err != nil {
		return err
	}
	if s.config.Verbosity > 0 {
		s.log("%v", report)
	}
	if s.config.Hooks.Entered != nil {
		s.config.Hooks.Entered(report)
	}
	return nil
}

// open opens the listening sockets and main's epoll.
func (s *Server) open() (err error) {
	if s.listeners, err = s.config.listen(); err != nil {
		return err
	}
	if s.poll, err = newPoll(); err != nil {
		return err
	}
	if s.waker, err = newWaker(); err != nil {
		return err
	}
	if err := s.poll.add(s.waker.receive, unix.EPOLLIN); err != nil {
		return err
	}
	for _, l := range s.listeners {
		if err := s.poll.add(l.fd, unix.EPOLLIN); err != nil {
			return err
		}
	}
	return nil
}

// hire makes the workers, which have no threads yet.
func (s *Server) hire() error {
	for range s.config.Threads {
		w, err := newWorker(s)
		if err != nil {
			return err
		}
		s.workers = append(s.workers, w)
	}
	return nil
}

// serve enters the last phase, starts the workers, and accepts clients until
// ctx ends or a worker fails.
func (s *Server) serve(ctx context.Context) error {
	if err := s.enter(PhaseServing); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, s.Stop)
	defer stop()
	c := s.startWorkers()
	err := s.serveWith(c)
	s.dismiss()
	return errors.Join(err, c.wait())
}

// serveWith is main's part.
func (s *Server) serveWith(c *crew) error {
	if err := c.settle(len(s.workers)); err != nil {
		return err
	}
	if err := s.enterThread(ClassMain); err != nil {
		return err
	}
	s.tellReady()
	return s.accept()
}

func (s *Server) tellReady() {
	var addresses []string
	for _, l := range s.listeners {
		addresses = append(addresses, l.address)
	}
	if s.config.Verbosity > 0 {
		s.log("listening on %v\n", addresses)
	}
	if s.config.Hooks.Ready != nil {
		s.config.Hooks.Ready(addresses)
	}
}

// Stop makes serve return. It may be called on any thread.
func (s *Server) Stop() {
	s.stopping.Store(true)
	s.waker.wake()
}

// dismiss tells the workers to stop.
func (s *Server) dismiss() {
	closeAll(s.listeners)
	s.listeners = nil
	for _, w := range s.workers {
		w.stop()
	}
}

// close closes what serve does not.
func (s *Server) close() {
	closeAll(s.listeners)
	if s.poll != nil {
		s.poll.close()
	}
}

func (s *Server) log(format string, args ...any) {
	if s.config.Log != nil {
		fmt.Fprintf(s.config.Log, format, args...)
	}
}
