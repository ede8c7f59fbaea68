package profiles_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cache is a running memcached.
type cache struct {
	*server
	feature          feature
	begin            starter
	who              user
	network, address string
	port, state      string
	tlsOn, inPhases  bool
	pid              int // of the process that serves: a daemon is not the one that was started
}

// starter starts memcached, one way or another, with the profile's params and
// the program's arguments.
type starter func(t *testing.T, f feature, who user, sets []string, args ...string) *server

// underProfile is memcached as its profile wants it.
func underProfile(t *testing.T, f feature, who user, sets []string, args ...string) *server {
	t.Helper()
	command := append(f.limits(), runCommand(sets, "memcached", args...)...)
	s := newServer(t, command)
	s.launch(who)
	return s
}

// inInit is memcached in phase init, where it stays until an operator enters another.
func inInit(t *testing.T, f feature, who user, sets []string, args ...string) *server {
	t.Helper()
	s := newServer(t, append(f.limits(), append(runCommand(sets, "memcached", args...)[:2:2], append([]string{"--phase", "init"}, runCommand(sets, "memcached", args...)[2:]...)...)...))
	s.launch(who)
	return s
}

// open starts memcached with a feature and waits until it serves.
func (f feature) open(t *testing.T, who user, begin starter) *cache {
	t.Helper()
	state := stateDir(t, nobodyOr(t))
	if f.prepare != nil {
		f.prepare(t, nobodyOr(t), state)
	}
	return f.openIn(t, who, begin, state)
}

func (f feature) openIn(t *testing.T, who user, begin starter, state string) *cache {
	t.Helper()
	port := freePort(t)
	args := []string{"memcached"}
	if who == root {
		args = append(args, "-u", "nobody")
	}
	for _, arg := range f.args {
		args = append(args, strings.NewReplacer("PORT", port, "STATE", state).Replace(arg))
	}
	c := &cache{feature: f, begin: begin, who: who, network: "tcp", port: port, address: "127.0.0.1:" + port, state: state}
	c.tlsOn = slices.Contains(f.args, "-Z")
	if slices.Contains(f.args, "-s") {
		c.network, c.address = "unix", filepath.Join(state, "socket")
	}
	c.server = begin(t, f, who, append([]string{"port=" + port, "state=" + state}, f.sets...), args...)
	c.inPhases = c.cmd.Args[0] != "strace"
	c.settle()
	return c
}

// settle waits until the server serves, and finds its process.
func (c *cache) settle() {
	c.t.Helper()
	if slices.Contains(c.feature.args, "-d") {
		<-c.exited
		if !c.cmd.ProcessState.Success() {
			c.t.Fatalf("%v\n%s", c.cmd.ProcessState, c.stderr)
		}
		c.pid = pidIn(c.t, filepath.Join(c.state, "pid"))
		c.t.Cleanup(func() { syscall.Kill(c.pid, syscall.SIGKILL) })
	} else {
		c.pid = c.cmd.Process.Pid
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial(c.network, c.address); err == nil {
			conn.Close()
			if !c.inPhases || !traced(c.pid) {
				return
			}
		}
		if ended(c.pid) || time.Now().After(deadline) {
			c.t.Fatalf("%v does not serve on %s\n%s", c.cmd.Args, c.address, c.stderr)
		}
	}
}

// traced reports whether a tracer is still with one of the threads: it enters the
// next phase, or waits for it.
func traced(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	return slices.ContainsFunc(tasks, func(task string) bool {
		text, err := os.ReadFile(task)
		return err == nil && !bytes.Contains(text, []byte("TracerPid:\t0\n"))
	})
}

// again starts the same once more, in the same folder.
func (c *cache) again() *cache { return c.feature.openIn(c.t, c.who, c.begin, c.state) }

func (c *cache) kill(sig syscall.Signal) {
	c.t.Helper()
	if err := syscall.Kill(c.pid, sig); err != nil {
		c.t.Fatal(err)
	}
}

// mustEnd demands that it ends by itself with a status.
func (c *cache) mustEnd(status int) {
	c.t.Helper()
	select {
	case <-c.exited:
	case <-time.After(patience):
		c.t.Fatal("it does not end")
	}
	if got := c.cmd.ProcessState.ExitCode(); got != status {
		c.t.Errorf("ended with %v, want status %d\n%s", c.cmd.ProcessState, status, c.stderr)
	}
}

// close ends it as an operator does, unless the feature has done so.
func (c *cache) close() {
	c.t.Helper()
	if c.pid != c.cmd.Process.Pid {
		c.kill(syscall.SIGTERM)
		waitGone(c.t, c.pid)
		emptyBut(c.t, c.state)
		return
	}
	select {
	case <-c.exited:
	default:
		c.kill(syscall.SIGTERM)
	}
	c.mustEnd(0)
}

func tgkill(pid, tid int, sig syscall.Signal) error { return unix.Tgkill(pid, tid, sig) }
