//go:build linux

package launch_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/launch"
	"github.com/narrow-sandbox/narrow/internal/victim"
)

// The test binary is also the child processes of its tests: with jobVar it
// does the job, and becomes or stays what the job says.
const jobVar = "NARROW_LAUNCH_TEST_JOB"

// job is what a child process does.
type job struct {
	Draft   draft  // the policy to run under
	Phase   string // ditto
	Best    bool
	Traced  bool // with a tracer beside the program, for its death
	Report  string
	Outer   []int  // calls to answer with OuterVerdict by a filter that is on before
	Verdict uint32 // of the outer filter; 0 and no Outer is no outer filter
	Long    bool   // with more arguments than the kernel takes
	Victim  string // be the victim with this home
	Next    *job   // for the program, which is the test binary too
}

func init() {
	// As package main of the command does it: Run is called on the main thread.
	runtime.LockOSThread()
}

// besideArg makes this binary a tracer's process.
const besideArg = "__beside"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == besideArg {
		os.Exit(launch.Beside(os.Args[2:]))
	}
	if text, ok := os.LookupEnv(jobVar); ok {
		os.Unsetenv(jobVar)
		var j job
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			panic(err)
		}
		j.do()
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // children under -race would each sleep a second
	if err := publishSelf(); err != nil {
		panic(err)
	}
	status := m.Run()
	os.RemoveAll(filepath.Dir(self))
	os.Exit(status)
}

// self is a copy of this binary that other users may execute too.
var self string

func publishSelf() error {
	dir, err := os.MkdirTemp("", "narrow-launch-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	self = filepath.Join(dir, "runner")
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(self, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Chmod(0o755), to.Close()) // whatever the umask
}

// do never returns.
func (j *job) do() {
	if j.Victim != "" {
		json.NewEncoder(os.Stdout).Encode(victim.Attempts(j.Victim, "9"))
		os.Exit(0)
	}
	if j.Outer != nil {
		runtime.LockOSThread()
		if err := outerFilter(j.Outer, j.Verdict); err != nil {
			panic(err)
		}
		// All threads of the runner must be under it: a new program is one thread.
		j.Outer = nil
		os.Setenv(jobVar, j.text())
		panic(syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
	}
	if j.Next != nil {
		os.Setenv(jobVar, j.Next.text())
	}
	args := os.Args[1:]
	for range 64 {
		if j.Long {
			args = append(args, strings.Repeat("x", 1<<17-1))
		}
	}
	c := launch.Config{
		Policy: j.Draft.policy(), Phase: j.Phase, BestEffort: j.Best, Report: j.Report,
		Program: os.Args[1], Args: args, Env: os.Environ(),
	}
	if j.Traced {
		c.Beside, c.Deaths = []string{os.Args[0], besideArg}, true
	}
	err := launch.Run(c)
	fmt.Fprintf(os.Stderr, "narrow: %v\n", err)
	var e *launch.Error
	if !errors.As(err, &e) {
		panic(err)
	}
	os.Exit(e.ExitStatus())
}

func (j *job) text() string {
	text, err := json.Marshal(j)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// outerFilter answers the calls with the verdict and allows all others.
func outerFilter(calls []int, verdict uint32) error {
	program := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 0)}
	for _, nr := range calls {
		program = append(program, bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, uint32(nr), 0, 1), bpf.Stmt(bpf.RET|bpf.K, verdict))
	}
	program = append(program, bpf.Stmt(bpf.RET|bpf.K, unix.SECCOMP_RET_ALLOW))
	if err := kernel.SetNoNewPrivs(); err != nil {
		return err
	}
	_, err := kernel.SeccompSetModeFilter(program, 0)
	return err
}

// command is a child that does the job with the arguments.
func (j job) command(args ...string) *exec.Cmd {
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), jobVar+"="+j.text())
	return c
}

// outcome is how a child ended.
type outcome struct {
	out, err string
	state    *os.ProcessState
}

func (o outcome) status() int { return o.state.ExitCode() }

func (o outcome) signal() syscall.Signal {
	if w := o.state.Sys().(syscall.WaitStatus); w.Signaled() {
		return w.Signal()
	}
	return 0
}

func (o outcome) String() string {
	return fmt.Sprintf("%v\nstdout: %s\nstderr: %s", o.state, o.out, o.err)
}

// run runs the job's child to its end.
func (j job) run(t *testing.T, args ...string) outcome {
	t.Helper()
	return runCommand(t, j.command(args...))
}

// patience bounds every wait, for a machine that does much else.
const patience = 2 * time.Minute

func runCommand(t testing.TB, c *exec.Cmd) outcome {
	t.Helper()
	var out, err bytes.Buffer
	c.Stdout, c.Stderr = &out, &err
	var exit *exec.ExitError
	if e := runSoon(c); e != nil && !errors.As(e, &exit) {
		t.Fatalf("%v\n%s%s", e, &out, &err)
	}
	return outcome{out.String(), err.String(), c.ProcessState}
}

// runSoon runs a command to its end, which must come.
func runSoon(c *exec.Cmd) error {
	if err := c.Start(); err != nil {
		return err
	}
	return waitSoon(c)
}

// waitSoon waits for the end of a command that was started.
func waitSoon(c *exec.Cmd) error {
	c.WaitDelay = patience
	kill := time.AfterFunc(patience, func() { c.Process.Kill() })
	err := c.Wait()
	if !kill.Stop() {
		return fmt.Errorf("%v has not ended within %v, and was killed: %w", c.Args, patience, errHangs)
	}
	return err
}

var errHangs = errors.New("it hangs")

// succeeds runs the job and wants status 0.
func (j job) succeeds(t *testing.T, args ...string) outcome {
	t.Helper()
	o := j.run(t, args...)
	if o.status() != 0 {
		t.Fatalf("%v: %v", args, o)
	}
	return o
}

// refused runs the job and wants the status, with all the words on standard error.
func (j job) refused(t *testing.T, status int, args []string, words ...string) outcome {
	t.Helper()
	o := j.run(t, args...)
	if o.status() != status {
		t.Errorf("%v: want status %d: %v", args, status, o)
	}
	for _, w := range words {
		if !strings.Contains(o.err, w) {
			t.Errorf("%v: want %q on standard error: %v", args, w, o)
		}
	}
	return o
}

// needRoot skips what only root can do.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("not root")
	}
}

// eachUser runs the test as this user and, if that is root, as nobody.
func eachUser(t *testing.T, test func(t *testing.T, as func(*exec.Cmd))) {
	t.Run("self", func(t *testing.T) { test(t, func(*exec.Cmd) {}) })
	t.Run("nobody", func(t *testing.T) {
		needRoot(t)
		test(t, asNobody)
	})
}

func asNobody(c *exec.Cmd) {
	if c.SysProcAttr == nil {
		c.SysProcAttr = new(syscall.SysProcAttr)
	}
	c.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	c.Dir = "/"
}
