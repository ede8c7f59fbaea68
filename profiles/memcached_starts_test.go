package profiles_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestMemcachedStarts starts memcached again and again, while clients are at
// its door and signals arrive: no request is lost, no thread missed, nothing of
// narrow left. 1,000 times with NARROW_LONG.
func TestMemcachedStarts(t *testing.T) {
	need(t, "memcached")
	starts := 40
	if long {
		starts = 1000
	}
	var left atomic.Int64
	left.Store(int64(starts))
	t.Run("at once", func(t *testing.T) {
		for i := range 4 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for left.Add(-1) >= 0 && !t.Failed() {
					oneStart(t)
				}
			})
		}
	})
	noNarrowLeft(t)
}

// oneStart is one start, and one end.
func oneStart(t *testing.T) {
	workers := 1 + rand.IntN(16)
	port := freePort(t)
	args := []string{"memcached", "-p", port, "-U", "0", "-t", fmt.Sprint(workers)}
	who := nobodyOr(t)
	if rand.IntN(2) == 0 && os.Geteuid() == 0 {
		who, args = root, append(args, "-u", "nobody")
	}
	s := newServer(t, runCommand([]string{"port=" + port, "state=/nonexistent"}, "memcached", args...))
	s.launch(who)
	stop := make(chan struct{})
	clients := make(chan error, 2)
	for range cap(clients) {
		go func() { clients <- comeEarly(port, stop, s.exited) }()
	}
	pester(s.cmd.Process.Pid, s.exited)
	for deadline := time.Now().Add(20 * time.Second); traced(s.cmd.Process.Pid) || !narrowedNow(s.cmd.Process.Pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) || ended(s.cmd.Process.Pid) {
			t.Errorf("%d workers: phase serving has not begun\n%s", workers, s.stderr)
			break
		}
	}
	mustBeNarrowed(t, s.cmd.Process.Pid, workers+6)
	if list := children(t, s.cmd.Process.Pid); len(list) > 0 {
		t.Errorf("the server has children: %v", list)
	}
	time.Sleep(2 * time.Millisecond) // of load in the new phase
	close(stop)
	for range cap(clients) {
		if err := <-clients; err != nil {
			t.Errorf("%d workers: %v\n%s", workers, err, s.stderr)
		}
	}
	s.cmd.Process.Kill() // a tenth of the time that the server takes to end by itself
	<-s.exited
}

// comeEarly connects as soon as somebody listens, and then asks until stop.
func comeEarly(port string, stop, gone <-chan struct{}) error {
	for {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			return keepAsking("127.0.0.1:"+port, stop)
		}
		select {
		case <-gone:
			return fmt.Errorf("the server is gone")
		case <-time.After(500 * time.Microsecond):
		}
	}
}

// pester sends signals that are ignored, from the exec on: SIGHUP only once it
// is handled.
func pester(pid int, gone <-chan struct{}) {
	for range 20 {
		select {
		case <-gone:
			return
		default:
			syscall.Kill(pid, syscall.SIGWINCH)
			syscall.Kill(pid, syscall.SIGCONT)
			time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		}
	}
}

// narrowedNow reports whether the first thread is in the last phase.
func narrowedNow(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && strings.Contains(string(text), "Seccomp_filters:\t2\n")
}

// noNarrowLeft demands that no process runs the command any more.
func noNarrowLeft(t *testing.T) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		left = nil
		links, _ := filepath.Glob("/proc/[0-9]*/exe")
		for _, link := range links {
			if target, err := os.Readlink(link); err == nil && target == narrowBinary {
				left = append(left, filepath.Base(filepath.Dir(link)))
			}
		}
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("processes of narrow are left: %v", left)
}
