package tracer

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// service is the socket to which the program says that it is up, in the place
// of its service manager's (sd_notify(3)). What it says is handed on.
type service struct {
	socket  *net.UnixConn
	ready   chan int // the process that has said READY=1
	manager string
	closing chan struct{} // closed when nobody reads ready any more
	served  chan struct{} // closed when all is handed on
}

// ListenForReady makes the socket for the program's messages to its service
// manager, and the NOTIFY_SOCKET that the program is to find. Its name is in no
// file system, so that nothing is left behind, and cannot be guessed.
func ListenForReady() (socket *os.File, address string, err error) {
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, "", err
	}
	address = "@narrow-" + hex.EncodeToString(random[:])
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return nil, "", fmt.Errorf("a socket for READY=1: %w", err)
	}
	defer conn.Close()
	socket, err = conn.File()
	return socket, address, err
}

// newService takes over the socket, nil if no phase of the plan waits for it.
func newService(plan *Plan) (*service, error) {
	if !plan.Service {
		return nil, nil
	}
	file := os.NewFile(fdNotify, "notify")
	defer file.Close()
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.New("the socket for READY=1 is none of the right kind")
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	if controlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1)
	}); err != nil || controlErr != nil {
		return nil, errors.Join(err, controlErr)
	}
	s := &service{socket: socket, ready: make(chan int), manager: plan.Manager, closing: make(chan struct{}), served: make(chan struct{})}
	go s.serve()
	return s, nil
}

// events is where those arrive that are ready; a nil service has none.
func (s *service) events() <-chan int {
	if s == nil {
		return nil
	}
	return s.ready
}

// forwards reports whether there is a service manager to which messages are
// handed on, for as long as the program lives.
func (s *service) forwards() bool { return s != nil && s.manager != "" }

// last is the message by which the tracer tells itself that no more will come:
// those before it in the queue are handed on first.
const last = "narrow: no more"

// close hands on what has been said and ends.
func (s *service) close() {
	if s == nil {
		return
	}
	close(s.closing)
	if s.forwards() {
		if _, _, err := s.socket.WriteMsgUnix([]byte(last), nil, s.socket.LocalAddr().(*net.UnixAddr)); err == nil {
			<-s.served
		}
	}
	s.socket.Close()
}

// maxMessage is more than a service manager reads of one message (systemd:
// NOTIFY_BUFFER_MAX is a page).
const maxMessage = 1 << 16

// serve hands messages on until the last one.
func (s *service) serve() {
	defer close(s.served)
	message, control := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4*253)+unix.CmsgSpace(unix.SizeofUcred))
	for {
		n, oobn, _, _, err := s.socket.ReadMsgUnix(message, control)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		from, files := unpack(control[:oobn])
		if from != nil && int(from.Pid) == os.Getpid() && string(message[:n]) == last {
			return
		}
		if s.manager != "" {
			_ = s.forward(message[:n], from, files) // a manager that is gone is no affair of the program's
		}
		for _, fd := range files {
			unix.Close(fd)
		}
		if saysReady(message[:n]) && from != nil {
			select {
			case s.ready <- int(from.Pid):
			case <-s.closing:
			}
		}
	}
}

// saysReady reports whether a line of the message is READY=1.
func saysReady(message []byte) bool {
	for line := range bytes.SplitSeq(message, []byte("\n")) {
		if string(line) == "READY=1" {
			return true
		}
	}
	return false
}

// unpack reads who has sent a message, and the descriptors that came with it.
func unpack(control []byte) (from *unix.Ucred, files []int) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil, nil
	}
	for i := range messages {
		switch m := &messages[i]; m.Header.Type {
		case unix.SCM_CREDENTIALS:
			from, _ = unix.ParseUnixCredentials(m)
		case unix.SCM_RIGHTS:
			fds, _ := unix.ParseUnixRights(m)
			files = append(files, fds...)
		}
	}
	return from, files
}

// forward hands a message on as its sender's. That takes root's rights; without
// them it goes out as ours, which a manager takes that has NotifyAccess=all.
func (s *service) forward(message []byte, from *unix.Ucred, files []int) error {
	to := &net.UnixAddr{Name: s.manager, Net: "unixgram"}
	var rights []byte
	if len(files) > 0 {
		rights = unix.UnixRights(files...)
	}
	if from != nil {
		if _, _, err := s.socket.WriteMsgUnix(message, append(unix.UnixCredentials(from), rights...), to); err == nil {
			return nil
		}
	}
	_, _, err := s.socket.WriteMsgUnix(message, rights, to)
	return err
}

// Manageable reports whether a NOTIFY_SOCKET is one that messages can be handed on to.
func Manageable(address string) bool {
	return strings.HasPrefix(address, "/") || strings.HasPrefix(address, "@")
}
