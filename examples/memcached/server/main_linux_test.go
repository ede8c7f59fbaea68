package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/examples/memcached/server"
)

// childEnv holds, in a child, the server that it is to be.
const childEnv = "NARROW_MEMCACHED_CHILD"

// child describes a server in a process of its own.
type child struct {
	Unix       string
	Threads    int
	Max        int
	Memory     int64
	Files      uint64 // the most descriptors that it may have
	Unconfined bool
}

func (c child) config() server.Config {
	config := server.Defaults()
	config.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	config.Port = server.AnyPort
	if c.Unix != "" {
		config.Unix, config.Port, config.Mode = c.Unix, 0, 0o777
	}
	if c.Threads > 0 {
		config.Threads = c.Threads
	}
	if c.Max > 0 {
		config.MaxConnections = c.Max
	}
	if c.Memory > 0 {
		config.Memory = c.Memory
	}
	config.Unconfined = c.Unconfined
	return config
}

// TestMain is the server in a child, as a process cannot leave a sandbox.
func TestMain(m *testing.M) {
	text := os.Getenv(childEnv)
	if text == "" {
		os.Exit(m.Run())
	}
	var c child
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	if c.Files > 0 {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: c.Files, Max: c.Files}); err != nil {
			panic(err)
		}
	}
	config := c.config()
	config.Hooks.Ready = func(addresses []string) { fmt.Fprintln(os.Stderr, "ready", addresses[0]) }
	ctx, stop := context.WithCancel(context.Background())
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGTERM)
	go func() { <-caught; stop() }()
	if err := server.Run(ctx, config); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// running is a server that clients can connect to.
type running struct {
	network, address string
	cmd              *exec.Cmd // nil if it is in this process
}

// start runs a server in a process of its own.
func (c child) start(t testing.TB) *running {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	complaints, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(complaints)
	hangs := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	line, err := lines.ReadString('\n')
	hangs.Stop()
	address, ready := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if !ready {
		rest, _ := io.ReadAll(lines)
		t.Fatalf("the server does not listen within a minute: %v; it says %s%s", err, line, rest)
	}
	go func() {
		rest, _ := io.ReadAll(lines)
		if len(rest) > 0 {
			t.Errorf("the server says %s", rest)
		}
	}()
	s := &running{"tcp", address, cmd}
	if c.Unix != "" {
		s.network = "unix"
	}
	t.Cleanup(func() { s.stop(t) })
	return s
}

// stop ends the child by SIGTERM, and demands that it ends well.
func (s *running) stop(t testing.TB) {
	t.Helper()
	if s.cmd.ProcessState != nil {
		return
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// inProcess runs a server in this process, which is not narrowed.
func inProcess(t testing.TB, config server.Config) *running {
	t.Helper()
	config.Unconfined = true
	ready := make(chan string, 1)
	config.Hooks.Ready = func(addresses []string) { ready <- addresses[0] }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx, config) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case address := <-ready:
		return &running{network: "tcp", address: address}
	case err := <-ended:
		ended <- nil
		t.Fatalf("the server ended: %v", err)
		return nil
	}
}

// client is a connection to a server.
type client struct {
	net.Conn
	in *bufio.Reader
	t  testing.TB
}

func (s *running) dial(t testing.TB) *client {
	t.Helper()
	conn, err := net.Dial(s.network, s.address)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &client{conn, bufio.NewReader(conn), t}
}

func (c *client) send(format string, args ...any) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, format, args...); err != nil {
		c.t.Fatal(err)
	}
}

// expect demands an answer.
func (c *client) expect(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c.in, got)
	if err != nil || string(got) != want {
		c.t.Fatalf("got %.200q, %v; want %.200q", got[:n], err, want)
	}
}

// expectEnd demands that the server hangs up.
func (c *client) expectEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.in); len(rest) > 0 || err != nil {
		c.t.Fatalf("got %.200q, %v; want the end", rest, err)
	}
}
