//go:build linux

package inject_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/inject"
)

const noGetppid = `language 1
policy test
arch x86_64, i386, aarch64, arm else kill-process
default allow
errno EACCES getppid
`

// Every call that a thread sleeps in returns what and when it should, although
// the thread was taken out of it and made to call the kernel meanwhile; and
// every thread has the filter.
func TestSleepers(t *testing.T) {
	ms := 1000 * slowness()
	started := time.Now()
	v := start(t, compiled(t, "sleepers"), fmt.Sprint(ms))
	var threads int
	if _, err := fmt.Sscanf(v.line(t), "started %d", &threads); err != nil {
		t.Fatal(err)
	}
	v.asleep(t, threads+1-2) // one spins, one is in its handler
	time.Sleep(time.Until(started.Add(time.Duration(ms) * 600 * time.Microsecond)))
	report, err := enter(v.pid(), layersOf(t, noGetppid), inject.Options{})
	if err != nil {
		t.Fatal(err)
	}
	released := float64(time.Since(started).Milliseconds())
	t.Logf("%d threads stood still for %v", len(report.Threads), report.Stopped)
	fmt.Fprintln(v.in)
	want := map[string]string{
		"main": "0 0", "nanosleep_": "0 0", "clocksleep": "0 0", "clockabs": "0 0", "poll_": "0 0", "ppoll_": "0 0",
		"select_": "0 0", "pselect_": "0 0", "epolltimed": "0 0", "epollmask": "0 0", "epollfree": "1 0",
		"futextimed": fmt.Sprint("-1 ", int(unix.ETIMEDOUT)), "futexfree": "0 0", "readpipe": "1 0", "recv_": "1 0",
		"recvtimed": fmt.Sprint("-1 ", int(unix.EAGAIN)), "accept_": "0 0", "eventread": "8 0",
		"sigtimed": fmt.Sprint("-1 ", int(unix.EAGAIN)), "sigwait_": "0 0", "semop_": "0 0",
		"semtimed_": fmt.Sprint("-1 ", int(unix.EAGAIN)), "aio": "0 0", "timerread": "8 0", "wait_": "0 0", "spin": "0 0",
		"pause_": "0 0", "inhandler": "0 0",
	}
	// Those whose timeout begins anew; all others keep it.
	late := map[string]bool{"epolltimed": true, "epollmask": true, "sigtimed": true, "semtimed_": true, "aio": true, "recvtimed": true}
	woken := map[string]bool{"main": true, "epollfree": true, "futexfree": true, "readpipe": true, "recv_": true, "accept_": true,
		"eventread": true, "sigwait_": true, "semop_": true, "wait_": true, "pause_": true}
	for range threads + 1 {
		var name string
		var result, errno, denied int
		var took float64
		if _, err := fmt.Sscan(v.line(t), &name, &result, &errno, &took, &denied); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(result, " ", errno); got != want[name] {
			t.Errorf("%s returned %s, want %s", name, got, want[name])
		}
		delete(want, name)
		if denied != 1 {
			t.Errorf("%s: getppid is not denied", name)
		}
		longest := released + float64(ms) - 50 // a timeout that began anew is over later
		if late[name] {
			longest += float64(ms)
		}
		computes := name == "spin" || name == "inhandler" // for as long as the machine takes
		if !woken[name] && (took < float64(ms-1) || took > longest && !computes) {
			t.Errorf("%s took %.1f ms, want %d", name, took, ms)
		}
	}
	if len(want) > 0 {
		t.Errorf("not heard of: %v", want)
	}
	if line := v.line(t); line != "done" {
		t.Errorf("got %q", line)
	}
	if err := v.Wait(); err != nil {
		t.Error(err)
	}
}
