//go:build linux

package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// What a layer does to a thread cannot be undone, so each trial is a function
// that a child process runs: this binary with trialVar set to its name.
const trialVar = "NARROW_KERNEL_TEST_TRIAL"

func TestMain(m *testing.M) {
	name, ok := os.LookupEnv(trialVar)
	if !ok {
		os.Exit(m.Run())
	}
	os.Unsetenv(trialVar)
	runtime.LockOSThread()
	if err := trials[name](); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// try runs a trial in a child, as nobody if wanted, and returns what it printed.
func try(t *testing.T, name string, nobody bool) string {
	t.Helper()
	if trials[name] == nil {
		t.Fatalf("no trial %s", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := exec.CommandContext(ctx, "/proc/self/exe")
	c.Env = append(os.Environ(), trialVar+"="+name, "GORACE=atexit_sleep_ms=0")
	if nobody {
		if os.Getuid() != 0 {
			t.Skip("not root: cannot become nobody")
		}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	var exit *exec.ExitError
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("trial %s has not ended within %v: %s", name, patience, out)
	}
	if err != nil {
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		t.Errorf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
}

// want is an error unless the two are the same.
func want[T comparable](what string, got, want T) error {
	if got != want {
		return fmt.Errorf("%s: want %v, got %v", what, want, got)
	}
	return nil
}

// wantErr is an error unless err is target.
func wantErr(what string, err, target error) error {
	if !errors.Is(err, target) {
		return fmt.Errorf("%s: want %v, got %v", what, target, err)
	}
	return nil
}

// self is the status of the calling thread.
func self() (*Status, error) { return ThreadStatus(os.Getpid(), Gettid()) }
