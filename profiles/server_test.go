package profiles_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
)

// narrowBinary is the command under test, built once by TestMain.
var narrowBinary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "narrow-profiles-")
	if err != nil {
		panic(err)
	}
	// Ordinary users must reach it, too.
	os.Chmod(dir, 0o755)
	narrowBinary = filepath.Join(dir, "narrow")
	if out, err := exec.Command("go", "build", "-o", narrowBinary, "../cmd/narrow").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building narrow: %v\n%s", err, out)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	os.Chmod(narrowBinary, 0o755) // whatever the umask
	// Servers mostly wait, for clients and for the second that memcached takes to end.
	flag.Parse()
	flag.Set("test.parallel", "8")
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// need skips a test that wants a program which is not installed; in CI that is a failure.
func need(t *testing.T, program string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("real programs are for the long form")
	}
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

// needRoot skips a test that only root can run.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
}

// server is a program running under a policy.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr *output
	exited chan struct{}
}

// output is a file for what a program prints: a daemon that keeps it open
// holds nobody up, as it would with a pipe.
type output struct{ *os.File }

func newOutput(t *testing.T) *output {
	t.Helper()
	f, err := os.CreateTemp("", "narrow-output-")
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(f.Name())
	t.Cleanup(func() { f.Close() })
	return &output{f}
}

// String is all that has been printed so far, at most 64 KB of it.
func (o *output) String() string {
	text := make([]byte, 64<<10)
	n, _ := o.ReadAt(text, 0)
	return string(text[:n])
}

// user is who starts a program.
type user struct{ uid, gid uint32 }

var (
	root   = user{0, 0}
	nobody = user{65534, 65534}
)

// start runs `narrow run POLICY -- ARGS` as somebody.
func start(t *testing.T, who user, sets []string, policy string, args ...string) *server {
	t.Helper()
	s := newServer(t, runCommand(sets, policy, args...))
	s.launch(who)
	return s
}

// runCommand is `narrow run POLICY -- ARGS` with params set.
func runCommand(sets []string, policy string, args ...string) []string {
	command := []string{narrowBinary, "run"}
	for _, set := range sets {
		command = append(command, "--set", set)
	}
	return append(append(command, policy, "--"), args...)
}

func newServer(t *testing.T, command []string) *server {
	return &server{t: t, cmd: exec.Command(command[0], command[1:]...), stderr: newOutput(t), exited: make(chan struct{})}
}

// launch starts the command as a user, and ends it with the test.
func (s *server) launch(who user) {
	s.t.Helper()
	s.cmd.Stderr = s.stderr.File
	s.cmd.Dir = "/"
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if who != root {
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: who.uid, Gid: who.gid}
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { s.cmd.Wait(); close(s.exited) }()
	s.t.Cleanup(func() {
		s.cmd.Process.Kill()
		<-s.exited
		if text := s.stderr.String(); s.t.Failed() && text != "" {
			s.t.Logf("standard error of %v:\n%s", s.cmd.Args, text)
		}
	})
}

// waitFor polls until the server answers on an address, or has ended.
func (s *server) waitFor(network, address string) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if conn, err := net.Dial(network, address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-s.exited:
			s.t.Fatalf("%v ended early: %v\n%s", s.cmd.Args, s.cmd.ProcessState, s.stderr)
		case <-time.After(5 * time.Millisecond):
		}
	}
	s.t.Fatalf("%v does not answer on %s\n%s", s.cmd.Args, address, s.stderr)
}

func waitForAddress(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nobody answers on %s", address)
}

// pidIn polls for a pid file.
func pidIn(t *testing.T, path string) int {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, _ := os.ReadFile(path)
		var pid int
		if n, _ := fmt.Sscan(string(text), &pid); n == 1 && bytes.HasSuffix(text, []byte("\n")) {
			return pid
		}
	}
	t.Fatalf("no pid in %s", path)
	return 0
}

// stop sends a signal and demands that the server ends by itself.
func (s *server) stop(sig syscall.Signal) *os.ProcessState {
	s.t.Helper()
	s.cmd.Process.Signal(sig)
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.t.Fatalf("still running %v after %v", patience, sig)
	}
	return s.cmd.ProcessState
}

// thread is what /proc says of one thread.
type thread struct{ name, mode, filters, noNewPrivs, tracer string }

// threads reads /proc/PID/task.
func threads(t *testing.T, pid int) []thread {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatalf("no threads of %d: %v", pid, err)
	}
	var list []thread
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		fields := map[string]string{}
		for _, line := range strings.Split(string(text), "\n") {
			k, v, _ := strings.Cut(line, ":")
			fields[k] = strings.TrimSpace(v)
		}
		list = append(list, thread{fields["Name"], fields["Seccomp"], fields["Seccomp_filters"], fields["NoNewPrivs"], fields["TracerPid"]})
	}
	return list
}

// mustHaveFilters demands so many filters on every thread, and that nobody traces it.
func mustHaveFilters(t *testing.T, pid, atLeast int, filters string) {
	t.Helper()
	list := threads(t, pid)
	if len(list) < atLeast {
		t.Errorf("%d threads, want at least %d: %v", len(list), atLeast, list)
	}
	for _, th := range list {
		if th.mode != "2" || th.filters != filters || th.noNewPrivs != "1" || th.tracer != "0" {
			t.Errorf("thread %s: seccomp mode %s, %s filters, no_new_privs %s, traced by %s", th.name, th.mode, th.filters, th.noNewPrivs, th.tracer)
		}
	}
}

// waitForFilters waits until a process has come to its last phase, in which
// nobody traces it any more. It may come there some time after it serves, or has
// a title of its own.
func waitForFilters(t *testing.T, pid, atLeast int, filters string) {
	t.Helper()
	waitForThreads(t, pid, atLeast, thread{mode: "2", filters: filters, noNewPrivs: "1", tracer: "0"})
}

// waitForThreads waits until each thread of a process is as wanted, whatever its
// name; a tracer that is not wanted to be "0" may be any.
func waitForThreads(t *testing.T, pid, atLeast int, want thread) {
	t.Helper()
	other := func(th thread) bool {
		th.name = want.name
		if want.tracer != "0" {
			th.tracer = want.tracer
		}
		return th != want
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		list := threads(t, pid)
		if len(list) >= atLeast && !slices.ContainsFunc(list, other) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the threads of process %d are %v; want at least %d, each %v", pid, list, atLeast, want)
		}
	}
}

// freePort is a port that no other test gets.
func freePort(t *testing.T) string { return strconv.Itoa(freeport.For(t)) }

// stateDir is a folder that who may write.
func stateDir(t *testing.T, who user) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "narrow-state-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, int(who.uid), int(who.gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestProfilesPassCheck runs `narrow check` on every shipped profile.
func TestProfilesPassCheck(t *testing.T) {
	var warnings bytes.Buffer
	check := exec.Command(narrowBinary, "check", "--json", "memcached", "redis", "nginx", "demo")
	check.Stderr = &warnings
	out, err := check.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, warnings.Bytes())
	}
	if warnings.Len() > 0 {
		t.Errorf("a shipped profile has warnings:\n%s", warnings.Bytes())
	}
	for _, line := range bytes.Split(bytes.TrimSpace(out), []byte("\n")) {
		var r struct {
			Policy  string
			Filters []struct{ Proof string }
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		for _, f := range r.Filters {
			if f.Proof != "proved" {
				t.Errorf("%s: %s", r.Policy, f.Proof)
			}
		}
	}
}

// tids lists the threads of a process.
func tids(t *testing.T, pid int) []int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	var list []int
	for _, e := range entries {
		tid, _ := strconv.Atoi(e.Name())
		list = append(list, tid)
	}
	return list
}
