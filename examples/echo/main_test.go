//go:build linux

package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
	"github.com/narrow-sandbox/narrow/narrowtest"
)

// serverEnv is set where this test binary is to be the server, on that port.
const serverEnv = "ECHO_TEST_PORT"

func TestMain(m *testing.M) {
	if port, err := strconv.Atoi(os.Getenv(serverEnv)); err == nil {
		fmt.Fprintln(os.Stderr, run(port))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// in is a phase of the policy, entered in a child process.
func in(t *testing.T, phase string) narrowtest.In {
	t.Helper()
	return inWith(t, phase, freeport.For(t))
}

// inWith is in, of the policy for that port.
func inWith(t *testing.T, phase string, port int) narrowtest.In {
	t.Helper()
	s, err := sandbox(port)
	if err != nil {
		t.Fatal(err)
	}
	return narrowtest.In{Sandbox: s, Phase: phase}
}

func TestInit(t *testing.T) {
	port := freeport.For(t)
	init := inWith(t, "init", port)
	init.Allows(t, "listening", func() error { _, err := listen(port); return err })
	init.Fails(t, "another port", syscall.EACCES, func() error { _, err := listen(port + 1); return err })
	init.Fails(t, "reading a file", syscall.EACCES, func() error { _, err := os.ReadFile("/etc/passwd"); return err })
	init.Kills(t, "connecting", func() error { _, err := net.Dial("tcp4", fmt.Sprint("127.0.0.1:", port)); return err })
}

func TestServing(t *testing.T) {
	serving := in(t, "serving")
	serving.Kills(t, "a shell", func() error { return syscall.Exec("/bin/sh", []string{"sh"}, nil) })
	serving.Fails(t, "opening a file", syscall.EPERM, func() error { _, err := os.Open("/etc/passwd"); return err })
	serving.Kills(t, "listening", func() error { _, err := listen(7007); return err })
	serving.Kills(t, "code in memory", func() error {
		_, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		return err
	})
}

func TestWorker(t *testing.T) {
	pipe := make([]int, 2)
	worker := in(t, "serving")
	worker.Class = "worker"
	worker.Before = func(phase string) error {
		if phase == "init" {
			return syscall.Pipe(pipe)
		}
		return nil
	}
	worker.Allows(t, "answering", func() error { _, err := syscall.Write(pipe[1], []byte("hello\n")); return err })
	worker.Kills(t, "taking a client", func() error { _, _, err := syscall.Accept(0); return err })
}

// The whole server: clients are served, one after the other and side by side.
func TestServer(t *testing.T) {
	port := freeport.For(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"="+strconv.Itoa(port))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	var open []net.Conn
	for i := range 20 {
		conn := dial(t, port)
		if i%2 == 0 {
			open = append(open, conn)
		} else {
			defer conn.Close()
		}
		ask(t, conn, fmt.Sprint("line ", i))
	}
	for i, conn := range open {
		ask(t, conn, fmt.Sprint("again ", i))
		conn.Close()
	}
}

// dial connects once the server listens.
func dial(t *testing.T, port int) net.Conn {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		conn, err := net.Dial("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func ask(t *testing.T, conn net.Conn, line string) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintln(conn, line); err != nil {
		t.Fatal(err)
	}
	got, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || got != line+"\n" {
		t.Fatalf("sent %q, got %q, %v", line, got, err)
	}
}
