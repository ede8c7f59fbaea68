package server

import (
	"runtime"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// crew are the workers at work.
type crew struct {
	working sync.WaitGroup
	ready   chan error // of each worker, once it has entered its class
	failed  chan error // of those that could not go on
}

// startWorkers gives each worker a thread.
func (s *Server) startWorkers() *crew {
	c := &crew{ready: make(chan error, len(s.workers)), failed: make(chan error, len(s.workers))}
	for _, w := range s.workers {
		c.working.Go(func() {
			runtime.LockOSThread() // for good where it is narrowed: the thread ends with the goroutine
			if s.sandbox == nil {
				defer runtime.UnlockOSThread()
			}
			nameThread(ClassWorker)
			err := s.enterThread(ClassWorker)
			c.ready <- err
			if err != nil {
				return
			}
			if err := w.run(); err != nil {
				c.failed <- err
				s.Stop()
			}
		})
	}
	return c
}

// settle waits until all n workers have entered their class.
func (c *crew) settle(n int) error {
	for range n {
		if err := <-c.ready; err != nil {
			return err
		}
	}
	return nil
}

// wait waits until all have ended, and returns why one could not go on.
func (c *crew) wait() error {
	c.working.Wait()
	select {
	case err := <-c.failed:
		return err
	default:
		return nil
	}
}

// nameThread names the calling thread, for those who look at /proc.
func nameThread(name string) {
	text, err := unix.BytePtrFromString(name)
	if err == nil {
		_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0, 0, 0)
	}
}
