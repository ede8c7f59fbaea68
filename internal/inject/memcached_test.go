//go:build linux

package inject_test

import (
	"bufio"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/profiles"
)

// The real memcached, busy and getting signals, enters its profile's last phase
// again and again: no request is lost, no thread missed, nothing hangs.
func TestBusyMemcached(t *testing.T) {
	path, err := exec.LookPath("memcached")
	if err != nil {
		missing(t, "no memcached")
	}
	const perProcess = 30 // filters stack, and the kernel's budget for them ends
	var stops []time.Duration
	for left := times(30, 1000); left > 0; left -= perProcess {
		stops = append(stops, enterBusyMemcached(t, path, min(left, perProcess))...)
	}
	slices.Sort(stops)
	// How long that is depends on what else the machine does, so it is told and not judged.
	t.Logf("%d enters; stopped for: shortest %v, median %v, 90 of 100 at most %v, longest %v", len(stops), stops[0], stops[len(stops)/2], stops[len(stops)*9/10], stops[len(stops)-1])
}

// enterBusyMemcached starts a memcached, loads it, and enters it n times.
func enterBusyMemcached(t *testing.T, path string, n int) (stops []time.Duration) {
	port := strconv.Itoa(freeport.For(t))
	c := exec.Command(path, "-u", "nobody", "-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "16")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	pid := c.Process.Pid
	stop := make(chan struct{})
	var load sync.WaitGroup
	for i := range 8 {
		conn := dial(t, port)
		load.Go(func() {
			defer conn.Close()
			if err := requests(conn, fmt.Sprint("key", i), stop); err != nil {
				t.Error(err)
			}
		})
	}
	load.Go(func() {
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
				c.Process.Signal(syscall.SIGHUP)
			}
		}
	})
	layers := memcachedLayers(t, pid, port)
	for i := range n {
		report, err := enter(pid, layers, inject.Options{})
		if err != nil {
			t.Error(err)
			break
		}
		stops = append(stops, report.Stopped)
		if len(report.Threads) < 16+6 {
			t.Errorf("%d threads", len(report.Threads))
		}
		narrowed(t, pid, i+1)
	}
	close(stop)
	load.Wait()
	if s, err := kernel.ThreadStatus(pid, pid); err != nil || s.State == 'Z' {
		t.Errorf("memcached: %v, %v", s, err)
	}
	return stops
}

func memcachedLayers(t *testing.T, pid int, port string) *inject.Layers {
	t.Helper()
	text, _ := profiles.Text("memcached")
	p, err := policy.Load("memcached.narrow", text, policy.Options{Set: map[string]string{"port": port}})
	if err != nil {
		t.Fatal(err)
	}
	l, lacks, err := inject.Plan(p, len(p.Phases)-1, pid)
	if err != nil || len(lacks) > 0 {
		t.Fatal(err, lacks)
	}
	l.Domains, l.Earlier = nil, nil // of which a thread can have 16; the command's tests have them
	return l
}

// requests sets and gets a key until told to stop, and checks each answer.
func requests(conn net.Conn, key string, stop chan struct{}) error {
	answers := bufio.NewReader(conn)
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		value := strings.Repeat(strconv.Itoa(i), 10)
		for _, turn := range [][2]string{
			{fmt.Sprintf("set %s 0 0 %d\r\n%s\r\n", key, len(value), value), "STORED\r\n"},
			{"get " + key + "\r\n", fmt.Sprintf("VALUE %s 0 %d\r\n%s\r\nEND\r\n", key, len(value), value)},
		} {
			if _, err := conn.Write([]byte(turn[0])); err != nil {
				return err
			}
			got := make([]byte, len(turn[1]))
			for n := 0; n < len(got); {
				more, err := answers.Read(got[n:])
				if err != nil {
					return fmt.Errorf("request %d: %w after %q", i, err, got[:n])
				}
				n += more
			}
			if string(got) != turn[1] {
				return fmt.Errorf("request %d: got %q, want %q", i, got, turn[1])
			}
		}
	}
}

// dial connects to a server that may not listen yet.
func dial(t *testing.T, port string) net.Conn {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			return conn
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
