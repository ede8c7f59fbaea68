// Package narrowtest asserts in `go test` what an application's policy lets it
// do: each assertion enters the phases in a child process of its own, as no
// process can leave a sandbox, and does there what it is about.
//
//	func TestServing(t *testing.T) {
//		serving := narrowtest.In{Sandbox: mySandbox(t), Phase: "serving"}
//		serving.Allows(t, "answering", func() error { return answer() })
//		serving.Kills(t, "a shell", func() error { return exec.Command("/bin/sh").Run() })
//		serving.Fails(t, "reading a key", syscall.EACCES, func() error { _, err := os.Open(key); return err })
//	}
//
// The child is the test binary once more, with -test.run naming the one
// assertion; so what stands before it in the test function runs in the child,
// too. Where an assertion fails because a call was killed, one more child is
// started, in which the call is trapped, so that the failure names the call, the
// rule that denies it and the lines of Go that made it. A child that takes longer than Timeout is killed, and the assertion
// fails. Off Linux the assertions are skipped.
package narrowtest

import (
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow"
)

// In is where something is tried: in a phase, and maybe on a thread of a class.
type In struct {
	Sandbox *narrow.Sandbox // nil enters nothing, as try does so itself
	Phase   string          // all phases up to it are entered
	Class   string          // "" tries on a thread that has entered no class

	// Before, if not nil, is what the program does before it enters the phase,
	// such as to open files. It is told the phase, once for each.
	Before func(phase string) error

	Timeout time.Duration // 0: 30 seconds
}

// Allows asserts that try returns nil.
func (in In) Allows(t *testing.T, name string, try func() error) {
	t.Helper()
	in.assert(t, name, try, func(o Outcome) string {
		if o.Done && o.Text == "" {
			return ""
		}
		return "should be allowed"
	})
}

// Fails asserts that try returns an error with this errno, as an `errno` rule
// or Landlock (EACCES) answers.
func (in In) Fails(t *testing.T, name string, errno syscall.Errno, try func() error) {
	t.Helper()
	in.assert(t, name, try, func(o Outcome) string {
		if o.Done && o.Errno == errno {
			return ""
		}
		return fmt.Sprintf("should fail with %v", errno)
	})
}

// Kills asserts that the kernel kills the process, or its thread, while it is
// in try.
func (in In) Kills(t *testing.T, name string, try func() error) {
	t.Helper()
	in.assert(t, name, try, func(o Outcome) string {
		if o.Tried && !o.Done && (o.Killed || o.ThreadKilled) {
			return ""
		}
		return "should be killed"
	})
}

// assert runs try as a subtest and judges how it went.
func (in In) assert(t *testing.T, name string, try func() error, judge func(Outcome) string) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		o := in.Try(t, try)
		if wrong := judge(o); wrong != "" {
			t.Errorf("%s in phase %s%s: %s, but %v%s", name, in.Phase, in.inClass(), wrong, o, in.denied(t, o))
		}
	})
}

func (in In) inClass() string {
	if in.Class == "" {
		return ""
	}
	return ", thread " + in.Class
}

// Outcome is how a try went.
type Outcome struct {
	Entered      bool          // the phases and the class were entered
	Tried        bool          // try was called
	Done         bool          // it returned
	Errno        syscall.Errno // of the error that it returned; 0 if that has none
	Text         string        // the error's text, "" if it returned nil; before Entered, why that failed
	Killed       bool          // SIGSYS ended the process
	ThreadKilled bool          // the thread that tried is gone, the process is not
	TimedOut     bool
	Output       string // what the child wrote to standard output and error
}

// String says how it went, for people.
func (o Outcome) String() string {
	s := "the child ended before it was tried"
	switch {
	case o.TimedOut:
		s = "it took too long"
	case !o.Entered && o.Text != "":
		s = "the phase was not entered: " + o.Text
	case o.Done && o.Text != "":
		s = "it failed: " + o.Text
	case o.Done:
		s = "it worked"
	case o.Killed && !o.Tried:
		s = "the process was killed by SIGSYS before it was tried"
	case o.Killed:
		s = "the process was killed by SIGSYS"
	case o.ThreadKilled:
		s = "its thread was killed"
	case o.Tried:
		s = "the process ended"
	}
	if o.Output != "" {
		s += "; it wrote:\n" + o.Output
	}
	return s
}

// enter enters the phases up to the one asked for, and the class.
func (in In) enter() error {
	if in.Sandbox == nil {
		return nil
	}
	s, err := in.sandbox()
	if err != nil {
		return err
	}
	found := false
	for _, phase := range s.Phases() {
		if in.Before != nil {
			if err := in.Before(phase); err != nil {
				return err
			}
		}
		if _, err := s.Enter(phase); err != nil {
			return err
		}
		if phase == in.Phase {
			found = true
			break
		}
	}
	if !found {
		return fmt.Errorf("the policy has no phase %q", in.Phase)
	}
	if in.Class == "" {
		return nil
	}
	_, err = s.EnterThread(in.Class)
	return err
}

func errnoOf(err error) syscall.Errno {
	var errno syscall.Errno
	errors.As(err, &errno)
	return errno
}
