package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// argsVar makes this program the server, with these arguments.
const argsVar = "MEMCACHED_TEST_ARGS"

func TestMain(m *testing.M) {
	if args := os.Getenv(argsVar); args != "" {
		os.Exit(run(strings.Fields(args), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// It serves on after SIGHUP, and SIGTERM, SIGINT and SIGUSR1 end it in order.
func TestSignals(t *testing.T) {
	for _, ending := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1} {
		t.Run(ending.String(), func(t *testing.T) {
			c := exec.Command("/proc/self/exe")
			c.Env = append(os.Environ(), argsVar+"=-l 127.0.0.1 -p -1 -v -best-effort")
			log, err := c.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			defer c.Process.Kill()
			address := ""
			for lines := bufio.NewScanner(log); address == "" && lines.Scan(); {
				if at, ok := strings.CutPrefix(lines.Text(), "listening on ["); ok {
					address = strings.TrimSuffix(at, "]")
				}
			}
			for range 3 {
				if err := c.Process.Signal(syscall.SIGHUP); err != nil {
					t.Fatal(err)
				}
				answers(t, address)
			}
			if err := c.Process.Signal(ending); err != nil {
				t.Fatal(err)
			}
			if err := c.Wait(); err != nil {
				t.Errorf("after %v: %v", ending, err)
			}
		})
	}
}

func answers(t *testing.T, address string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("version\r\n")); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "VERSION ") {
		t.Fatalf("got %q, %v", line, err)
	}
}
