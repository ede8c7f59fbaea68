//go:build linux && amd64

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// staged is a memcached that run has started.
type staged struct {
	*exec.Cmd
	addr     string
	out, err bytes.Buffer
}

// narrowCommand runs this test binary as narrow (see TestMain).
func narrowCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*patience) // which no test takes
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, publishedPath)
	c.Args = append([]string{"narrow"}, args...)
	return c
}

// openDir is a folder into which every user may go and write.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "narrow-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// stage starts memcached under the staircase, with arguments for run and for
// memcached, on a free port.
func stage(t *testing.T, asNobody bool, run []string, args ...string) *staged {
	t.Helper()
	needMemcached(t)
	s := &staged{addr: freeAddr(t)}
	_, port, _ := net.SplitHostPort(s.addr)
	run = append([]string{"run"}, run...)
	run = append(run, "testdata/memcached.narrow", "--", "memcached", "-l", "127.0.0.1", "-U", "0", "-p", port)
	if os.Getuid() == 0 && !asNobody {
		run = append(run, "-u", "nobody")
	}
	s.Cmd = narrowCommand(t, append(run, args...)...)
	s.Stdout, s.Stderr = &s.out, &s.err
	if asNobody {
		s.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

func needMemcached(t *testing.T) { needProgram(t, "memcached", "memcached") }

// needProgram skips a test whose program is not installed; in CI that is a failure.
func needProgram(t *testing.T, name, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, which CI must have", name)
	}
	t.Skipf("no %s: apt install %s", name, pkg)
}

// freeAddr is an address of the loopback that no other test gets.
func freeAddr(t *testing.T) string { return fmt.Sprint("127.0.0.1:", freeport.For(t)) }

// patience bounds every wait, for a machine that does much else.
const patience = time.Minute

// within polls what has no event to wait for.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s has not come within %v", what, patience)
		}
	}
}

// talk makes a request and returns the answer's first line; empty if nobody answers.
func (s *staged) talk(request string) string {
	conn, err := net.Dial("tcp4", s.addr)
	if err != nil {
		return ""
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "%s\r\n", request)
	line, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line)
}

// serves waits until it answers, and is in its last phase.
func (s *staged) serves(t *testing.T, pid int) {
	t.Helper()
	within(t, "memcached's answer", func() bool { return s.talk("set a 0 0 1\r\nx") == "STORED" })
	within(t, "the end of tracing", func() bool { return traced(pid) == 0 })
	if got := s.talk("get a"); got != "VALUE a 0 1" {
		t.Errorf("get: %q", got)
	}
}

// traced counts the threads of a process that have a tracer.
func traced(pid int) int {
	all, _ := kernel.ProcessStatus(pid)
	n := 0
	for _, s := range all {
		if s.TracerPID != 0 {
			n++
		}
	}
	return n
}

// narrowed checks that every thread has the filters of both phases.
func narrowed(t *testing.T, pid int) {
	t.Helper()
	all, err := kernel.ProcessStatus(pid)
	if err != nil || len(all) < 10 {
		t.Fatalf("threads of %d: %d, %v", pid, len(all), err)
	}
	for _, s := range all {
		if s.SeccompMode != 2 || s.SeccompFilters != 2 || !s.NoNewPrivs || s.TracerPID != 0 {
			t.Errorf("thread %d (%s): %+v", s.TID, s.Name, s)
		}
	}
}

// left lists narrow's processes beside a program.
func left(pid int) []string {
	var all []string
	dirs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, dir := range dirs {
		text, _ := os.ReadFile(dir)
		if bytes.HasSuffix(text, []byte("\x00"+besideVerb+"\x00trace\x00"+strconv.Itoa(pid)+"\x00")) {
			all = append(all, dir)
		}
	}
	return all
}

// ends ends it by a signal and returns its status.
func (s *staged) ends(t *testing.T, signal syscall.Signal) *os.ProcessState {
	t.Helper()
	if err := s.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := s.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return s.ProcessState
}

func eachUser(t *testing.T, test func(t *testing.T, asNobody bool)) {
	t.Run("self", func(t *testing.T) { test(t, false) })
	t.Run("nobody", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("not root")
		}
		test(t, true)
	})
}

// Debian's memcached is walked through both phases, every thread, serves, and
// ends as it would by itself. Nothing of narrow is left.
func TestMemcachedIsStaged(t *testing.T) {
	eachUser(t, func(t *testing.T, asNobody bool) {
		s := stage(t, asNobody, nil)
		pid := s.Process.Pid
		s.serves(t, pid)
		narrowed(t, pid)
		within(t, "the end of the tracer", func() bool { return len(left(pid)) == 0 })
		if state := s.ends(t, syscall.SIGTERM); state.ExitCode() != 0 {
			t.Errorf("%v: %s%s", state, &s.out, &s.err)
		}
	})
}

// A daemon's child is the new main, and is walked like it.
func TestMemcachedDaemonIsStaged(t *testing.T) {
	file := filepath.Join(openDir(t), "pid")
	s := stage(t, false, nil, "-d", "-P", file)
	if err := s.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &s.err)
	}
	pid := 0
	within(t, "the pid file", func() bool {
		text, err := os.ReadFile(file)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil && pid > 0
	})
	defer syscall.Kill(pid, syscall.SIGKILL)
	s.serves(t, pid)
	narrowed(t, pid)
	within(t, "the end of the tracer", func() bool { return len(left(s.Process.Pid)) == 0 })
}

// What ends before the trigger ends as it would by itself.
func TestMemcachedThatDoesNotServe(t *testing.T) {
	needMemcached(t)
	for _, args := range [][]string{{"-V"}, {"-h"}, {"--no-such"}, {"-p", "99999999"}} {
		free, freeErr := exec.Command("memcached", args...).CombinedOutput()
		got, err := narrowCommand(t, append([]string{"run", "testdata/memcached.narrow", "--", "memcached"}, args...)...).CombinedOutput()
		if string(got) != string(free) || fmt.Sprint(err) != fmt.Sprint(freeErr) {
			t.Errorf("%v: %v\n%s\nfree: %v\n%s", args, err, got, freeErr, free)
		}
	}
}

// The trigger is seen by eBPF, too, which takes root.
func TestMemcachedIsStagedByEBPF(t *testing.T) {
	eachUser(t, func(t *testing.T, asNobody bool) {
		s := stage(t, asNobody, []string{"--trigger", "cheap"})
		if asNobody || os.Getuid() != 0 {
			if err := s.Wait(); s.ProcessState.ExitCode() != 125 || !strings.Contains(s.err.String(), "--trigger cheap needs eBPF, that is root") {
				t.Errorf("%v: %s", err, &s.err)
			}
			return
		}
		s.serves(t, s.Process.Pid)
		narrowed(t, s.Process.Pid)
		s.ends(t, syscall.SIGKILL)
	})
}

// No start misses a thread, hangs or leaves anything behind.
func TestMemcachedManyStarts(t *testing.T) {
	needMemcached(t)
	rounds := 20
	if os.Getenv("NARROW_LONG") != "" {
		rounds = 1000
	}
	for i := range rounds {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			oneStart(t, i)
		})
	}
}

// oneStart starts, looks and ends. A memcached that may end by itself takes a
// second for that, so most are killed.
func oneStart(t *testing.T, i int) {
	s := stage(t, i%2 == 1 && os.Getuid() == 0, nil)
	s.serves(t, s.Process.Pid)
	narrowed(t, s.Process.Pid)
	signal, want := syscall.SIGKILL, "signal: killed"
	if i%10 == 0 {
		signal, want = syscall.SIGINT, "exit status 0"
	}
	if state := s.ends(t, signal); state.String() != want {
		t.Errorf("start %d: %v: %s", i, state, &s.err)
	}
	within(t, "the end of the tracer", func() bool { return len(left(s.Process.Pid)) == 0 })
}
