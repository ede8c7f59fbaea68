//go:build linux

package inject_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/policy"
)

// programsVar tells where the C programs are: to a child of this test binary, or
// where there is no compiler.
const programsVar = "NARROW_INJECT_TEST_PROGRAMS"

// programs builds the C programs of testdata, once.
var programs = sync.OnceValues(func() (dir string, err error) {
	if dir = os.Getenv(programsVar); dir != "" {
		return dir, nil
	}
	if dir, err = os.MkdirTemp("", "narrow-inject-"); err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // other users run them, too
		return dir, err
	}
	for _, name := range []string{"sleepers", "victim"} {
		program := filepath.Join(dir, name)
		out, err := exec.Command("gcc", "-O1", "-Wno-unused-result", "-pthread", "-o", program, "testdata/"+name+".c").CombinedOutput()
		if err != nil {
			return dir, fmt.Errorf("%w\n%s", err, out)
		}
		if err := os.Chmod(program, 0o755); err != nil { // whatever the umask
			return dir, err
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	role()
	status := m.Run()
	if os.Getenv(programsVar) == "" {
		if dir, _ := programs(); dir != "" {
			os.RemoveAll(dir)
		}
	}
	os.Exit(status)
}

// compiled is a C program of testdata.
func compiled(t *testing.T, name string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil && os.Getenv(programsVar) == "" {
		missing(t, "no gcc")
	}
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name)
}

// shared is a folder which other users may enter, unlike t.TempDir's.
func shared(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "narrow-inject-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// slowness is how much slower than usual this machine is, by NARROW_SLOW: one
// that is emulated is so by far, and timeouts have to be longer there.
func slowness() int {
	if n, err := strconv.Atoi(os.Getenv("NARROW_SLOW")); err == nil && n > 0 {
		return n
	}
	return 1
}

// missing skips what this machine lacks; where everything should be, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// process is a program that is to be narrowed.
type process struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts a program, as the user that the test narrows as.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	c := exec.Command(program, args...)
	c.Stderr = os.Stderr
	return startCommand(t, c)
}

func startCommand(t *testing.T, c *exec.Cmd) *process {
	t.Helper()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	return &process{c, in, bufio.NewReader(out)}
}

// line reads the next line that the program prints.
func (v *process) line(t *testing.T) string {
	t.Helper()
	line, err := v.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the program says no more: %v; %v", err, v.Wait())
	}
	return strings.TrimSuffix(line, "\n")
}

func (v *process) pid() int { return v.Process.Pid }

// asleep waits until n threads of the program are in a call and sleep there,
// and others that spin run.
func (v *process) asleep(t *testing.T, n int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		tids, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", v.pid()))
		if err != nil {
			t.Fatal(err)
		}
		sleeping := 0
		for _, tid := range tids {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/stat", v.pid(), tid.Name()))
			if i := strings.LastIndexByte(string(text), ')'); i > 0 && string(text[i+2]) == "S" {
				sleeping++
			}
		}
		if sleeping >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d threads sleep, want %d", sleeping, n)
		}
		runtime.Gosched()
	}
}

// onTracer runs f on a thread of its own, that ends with it: whatever f left
// traced is let go.
func onTracer(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// layersOf makes the layers of a policy's last phase.
func layersOf(t *testing.T, text string) *inject.Layers {
	t.Helper()
	p, err := policy.Load("test.narrow", []byte(text), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	phase := p.Phases[len(p.Phases)-1]
	l, err := inject.New(phase, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Before = p.Phases[:len(p.Phases)-1]
	return l
}

// enter narrows a process.
func enter(pid int, l *inject.Layers, o inject.Options) (report *inject.Report, err error) {
	if n := slowness(); n > 1 {
		o.Patience = time.Duration(n) * 5 * time.Second
	}
	onTracer(func() {
		p, e := inject.Attach(pid, o)
		if e != nil {
			err = e
			return
		}
		report, err = p.Step(l)
		if e := p.Release(); err == nil {
			err = e
		}
	})
	return report, err
}

// enterPolicy narrows a process by a policy's one phase, as the command does.
func enterPolicy(t *testing.T, pid int, text string) *inject.Report {
	t.Helper()
	return enterPhase(t, pid, text, "all")
}

// enterPhase narrows a process by a phase of a policy.
func enterPhase(t *testing.T, pid int, text, phase string) *inject.Report {
	t.Helper()
	p, err := policy.Load("test.narrow", []byte(text), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(p.Phases, func(ph *policy.PhaseRules) bool { return ph.Name == phase })
	l, lacks, err := inject.Plan(p, at, pid)
	if err != nil || len(lacks) > 0 {
		t.Fatal(err, lacks)
	}
	report, err := enter(pid, l, inject.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}
