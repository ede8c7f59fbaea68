package profiles_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// eachUser runs a test started as root and as an ordinary user.
func eachUser(t *testing.T, f func(t *testing.T, who user)) {
	need(t, "memcached")
	if os.Geteuid() != 0 {
		t.Run("ordinary", func(t *testing.T) { f(t, user{uint32(os.Geteuid()), uint32(os.Getegid())}) })
		return
	}
	t.Run("root", func(t *testing.T) { f(t, root) })
	t.Run("nobody", func(t *testing.T) { f(t, nobody) })
}

// nobodyOr is nobody for root, else oneself.
func nobodyOr(t *testing.T) user {
	if os.Geteuid() == 0 {
		return nobody
	}
	return user{uint32(os.Geteuid()), uint32(os.Getegid())}
}

// TestMemcachedFeatures runs each feature in its phases, started as root and as
// an ordinary user, and looks at each thread once it serves.
func TestMemcachedFeatures(t *testing.T) {
	eachUser(t, func(t *testing.T, who user) {
		for _, f := range memcachedFeatures() {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				c := f.open(t, who, underProfile)
				mustBeNarrowed(t, c.pid, f.atLeast())
				f.drive(c)
				c.close()
			})
		}
	})
}

// TestMemcachedEntered does the same to a live process that an operator narrows;
// all features of it with NARROW_LONG.
func TestMemcachedEntered(t *testing.T) {
	eachUser(t, func(t *testing.T, who user) {
		for i, f := range memcachedFeatures() {
			if i%4 != 0 && !long {
				continue
			}
			t.Run(f.name, func(t *testing.T) {
				t.Parallel()
				c := f.open(t, who, inInit)
				c.enter()
				mustBeNarrowed(t, c.pid, f.atLeast())
				f.drive(c)
				c.close()
			})
		}
	})
}

// enter makes the live process enter phase serving.
func (c *cache) enter() {
	c.t.Helper()
	command := []string{"enter", fmt.Sprint(c.pid), "--policy", "memcached", "--phase", "serving", "--set", "state=" + c.state}
	if c.network == "tcp" {
		command = append(command, "--set", "port="+c.port)
	}
	out, err := exec.Command(narrowBinary, command...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
}

// long asks for the long forms of tests.
var long = os.Getenv("NARROW_LONG") != ""

// mustBeNarrowed demands of every thread the filters of both phases.
func mustBeNarrowed(t *testing.T, pid, atLeast int) {
	t.Helper()
	mustHaveFilters(t, pid, atLeast, "2")
}

// TestMemcachedSmallSteps runs the options that never reach epoll_wait.
func TestMemcachedSmallSteps(t *testing.T) {
	need(t, "memcached")
	for _, c := range []struct {
		args   []string
		status int
	}{
		{[]string{"memcached", "-V"}, 0},
		{[]string{"memcached", "-h"}, 0},
		{[]string{"memcached", "-o", "nonsense"}, 1},
	} {
		s := start(t, nobodyOr(t), nil, "memcached", c.args...)
		<-s.exited
		if got := s.cmd.ProcessState.ExitCode(); got != c.status {
			t.Errorf("%v: status %d, want %d\n%s", c.args, got, c.status, s.stderr)
		}
	}
}
