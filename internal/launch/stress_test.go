//go:build linux

package launch_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// rounds is how often a trial of chance is repeated.
func rounds(quick, long int) int {
	if os.Getenv("NARROW_LONG") != "" {
		return long
	}
	return quick
}

// runtimeCalls are what Go's runtime makes and sleep does not: the filter
// kills, should the thread that became the program have made one after it was
// filtered.
var runtimeCalls = draft{Rules: []draftRule{{kill, []string{"execve", "rt_sigreturn", "rt_sigprocmask", "tgkill", "gettid",
	"sigaltstack", "sched_yield", "madvise", "nanosleep", "epoll_pwait", "epoll_ctl", "sched_getaffinity", "getpid", "exit"}}}}

// A signal that arrives at any moment of the start does what it would do to
// the program: it never meets a half-confined thread that handles it.
func TestSignalsDuringTheStart(t *testing.T) {
	for range rounds(60, 3000) {
		c := job{Draft: runtimeCalls}.command("sleep", "60")
		var err strings.Builder
		c.Stderr = &err
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(time.Duration(rand.IntN(2500)) * time.Microsecond)
			c.Process.Signal(syscall.SIGURG)
			c.Process.Signal(syscall.SIGWINCH)
			c.Process.Signal(syscall.SIGCHLD)
		}
		c.Process.Signal(syscall.SIGTERM)
		if err := waitSoon(c); errors.Is(err, errHangs) {
			t.Fatal(err)
		}
		if w := c.ProcessState.Sys().(syscall.WaitStatus); !w.Signaled() || w.Signal() != syscall.SIGTERM {
			t.Fatalf("%v: %s", c.ProcessState, &err)
		}
	}
}

// Many starts at once, on a busy machine: each ends as its program does.
func TestManyStarts(t *testing.T) {
	work := make(chan int)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range work {
				o := job{Draft: every()}.run(t, "sh", "-c", fmt.Sprint("exit ", n%10))
				if o.status() != n%10 {
					t.Errorf("start %d: %v", n, o)
				}
			}
		})
	}
	for n := range rounds(100, 5000) {
		work <- n
	}
	close(work)
	all.Wait()
}
