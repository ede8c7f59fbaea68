package narrowtest_test

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/narrowtest"
)

const text = `language 1
policy test
arch x86_64, aarch64 else kill-process
default allow
phase init { errno EPERM ptrace }
phase serving {
	errno EPERM ptrace
	kill-process chdir
	kill-thread fchdir
	errno EXDEV fchmod
	kill-process exit_group
}
`

func in(t *testing.T) narrowtest.In {
	t.Helper()
	s, err := narrow.Parse("test.narrow", text)
	if err != nil {
		t.Fatal(err)
	}
	return narrowtest.In{Sandbox: s, Phase: "serving"}
}

// Each way to go is told apart, also where the child may not even exit.
func TestAssertions(t *testing.T) {
	serving := in(t)
	serving.Allows(t, "reading", func() error { _, err := os.ReadDir("/"); return err })
	serving.Fails(t, "an errno", syscall.EXDEV, func() error { return syscall.Fchmod(0, 0) })
	serving.Kills(t, "the process", func() error { return syscall.Chdir("/") })
	serving.Kills(t, "a thread", func() error { return syscall.Fchdir(0) })
	before := serving
	before.Phase = "init"
	before.Allows(t, "an earlier phase", func() error { return syscall.Chdir("/") })
}

func TestOutcomes(t *testing.T) {
	tests := []struct {
		name string
		try  func() error
		fits func(narrowtest.Outcome) bool
	}{
		{"worked", func() error { return nil }, func(o narrowtest.Outcome) bool { return o.Done && o.Text == "" }},
		{"failed", func() error { return errors.New("no luck") }, func(o narrowtest.Outcome) bool { return o.Done && o.Text == "no luck" && o.Errno == 0 }},
		{"errno", func() error { return &os.PathError{Op: "x", Err: syscall.EIO} }, func(o narrowtest.Outcome) bool { return o.Done && o.Errno == syscall.EIO }},
		{"killed", func() error { return syscall.Chdir("/") }, func(o narrowtest.Outcome) bool { return o.Tried && !o.Done && o.Killed && !o.ThreadKilled }},
		{"thread", func() error { return syscall.Fchdir(0) }, func(o narrowtest.Outcome) bool { return o.Tried && !o.Done && !o.Killed && o.ThreadKilled }},
		{"panic", func() error { panic("oh") }, func(o narrowtest.Outcome) bool {
			return o.Tried && !o.Done && strings.Contains(o.Output, "oh")
		}},
		{"hang", func() error { time.Sleep(time.Hour); return nil }, func(o narrowtest.Outcome) bool { return o.TimedOut && !o.Done }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			serving := in(t)
			if tt.name == "hang" {
				serving.Timeout = time.Second
			}
			if o := serving.Try(t, tt.try); !tt.fits(o) {
				t.Errorf("got %+v: %v", o, o)
			}
		})
	}
}

func TestNotEntered(t *testing.T) {
	missing := in(t)
	missing.Phase = "nothing"
	if o := missing.Try(t, func() error { return nil }); o.Entered || o.Tried || !strings.Contains(o.String(), `no phase "nothing"`) {
		t.Errorf("got %+v: %v", o, o)
	}
}

// What is tried is tried where it is watched.
func TestOnOneThread(t *testing.T) {
	in(t).Allows(t, "thread", func() error {
		tid := syscall.Gettid()
		for range 100 {
			runtime.Gosched()
			if syscall.Gettid() != tid {
				return errors.New("moved")
			}
		}
		return nil
	})
}
