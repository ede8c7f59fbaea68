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
	manyTimes(t, func(t *testing.T, workers int) {
		c := busyCache(t, workers, nil)
		defer c.end()
		pester(c.pid, c.exited, 20)
		eventually(t, "phase serving begins", func() bool { return narrowedNow(c.pid) && !traced(c.pid) })
	})
}

// TestMemcachedEnters takes a busy memcached of 16 workers to its last phase
// from outside, as often.
func TestMemcachedEnters(t *testing.T) {
	need(t, "memcached")
	manyTimes(t, func(t *testing.T, _ int) {
		c := busyCache(t, 16, []string{"--phase", "init"})
		defer c.end()
		done := make(chan struct{})
		go func() { defer close(done); pester(c.pid, c.exited, 100) }()
		c.waitFor("tcp", c.address)
		c.enter()
		<-done
	})
}

// manyTimes runs something 40 times, or 1,000 times with NARROW_LONG, four at
// once, with 1 to 16 workers.
func manyTimes(t *testing.T, once func(t *testing.T, workers int)) {
	t.Helper()
	var left atomic.Int64
	left.Store(40)
	if long {
		left.Store(1000)
	}
	t.Run("at once", func(t *testing.T) {
		for i := range 4 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for left.Add(-1) >= 0 && !t.Failed() {
					once(t, 1+rand.IntN(16))
				}
			})
		}
	})
	noNarrowLeft(t)
}

// busy is a cache whose clients came before it listened.
type busy struct {
	*cache
	workers int
	stop    chan struct{}
	clients chan error
}

// busyCache starts it with options of run.
func busyCache(t *testing.T, workers int, options []string) *busy {
	t.Helper()
	port := freePort(t)
	args := append([]string{narrowBinary, "run", "--set", "port=" + port, "--set", "state=/nonexistent"}, options...)
	args = append(args, "memcached", "--", "memcached", "-p", port, "-U", "0", "-t", fmt.Sprint(workers))
	who := nobodyOr(t)
	if rand.IntN(2) == 0 && os.Geteuid() == 0 {
		who, args = root, append(args, "-u", "nobody")
	}
	c := &cache{server: newServer(t, args), network: "tcp", port: port, address: "127.0.0.1:" + port, state: "/nonexistent"}
	c.launch(who)
	c.pid = c.cmd.Process.Pid
	b := &busy{c, workers, make(chan struct{}), make(chan error, 2)}
	for range cap(b.clients) {
		go func() { b.clients <- comeEarly(port, b.stop, c.exited) }()
	}
	return b
}

// end demands that every thread is narrowed and every request answered, and ends it.
func (b *busy) end() {
	b.t.Helper()
	mustBeNarrowed(b.t, b.pid, b.workers+6)
	if list := children(b.t, b.pid); len(list) > 0 {
		b.t.Errorf("the server has children: %v", list)
	}
	time.Sleep(2 * time.Millisecond) // of load in the new phase
	close(b.stop)
	for range cap(b.clients) {
		if err := <-b.clients; err != nil {
			b.t.Errorf("%d workers: %v\n%s", b.workers, err, b.stderr)
		}
	}
	b.cmd.Process.Kill() // a tenth of the time that the server takes to end by itself
	<-b.exited
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

// pester sends signals that do no harm, from the exec on.
func pester(pid int, gone <-chan struct{}, times int) {
	for range times {
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
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
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
