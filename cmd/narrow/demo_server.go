package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// demoPatience is how long each part of the demo may take.
const demoPatience = time.Minute

// cacheServer is the demo's server, a child of this process.
type cacheServer struct {
	address string
	cmd     *exec.Cmd
	said    chan []string // what it wrote to standard error, once it has ended
}

// readyMark begins the line by which it tells its address.
const readyMark = "ready "

// startCache starts the server and waits until it listens.
func startCache(place *breakIn) (*cacheServer, error) {
	port, release, err := reservePort()
	if err != nil {
		return nil, err
	}
	defer release() // once it listens itself
	s := &cacheServer{said: make(chan []string, 1)}
	s.cmd = exec.Command(place.self, cacheVerb, place.home, fmt.Sprint(port), fmt.Sprint(place.listener.Addr().(*net.TCPAddr).Port))
	dieWithParent(s.cmd)
	complaints, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan string, 1)
	go s.listen(complaints, ready)
	select {
	case address, ok := <-ready:
		if !ok {
			return nil, s.because(errors.New("it ended before it listened"))
		}
		s.address = address
		return s, nil
	case <-time.After(demoPatience):
		return nil, s.because(errors.New("it does not listen"))
	}
}

// listen reads what the server says.
func (s *cacheServer) listen(from io.Reader, ready chan<- string) {
	var said []string
	for lines := bufio.NewScanner(from); lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), readyMark); ok {
			ready <- address
			continue
		}
		said = append(said, lines.Text())
	}
	close(ready)
	s.said <- said
}

// because ends the server and adds to err what it said.
func (s *cacheServer) because(err error) error {
	s.end()
	if said := <-s.said; len(said) > 0 {
		return fmt.Errorf("%w; it said: %s", err, strings.Join(said, "\n"))
	}
	return err
}

// end asks the server to end, and waits for it, though not for ever. It may be
// called twice.
func (s *cacheServer) end() {
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(demoPatience/4, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	_ = s.cmd.Wait()
}
