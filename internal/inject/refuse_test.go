//go:build linux

package inject_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// identified wants Identify's error for a process.
func identified(t *testing.T, pid int, kind error, word string) {
	t.Helper()
	err := inject.Identify(pid)
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), word) {
		t.Errorf("process %d: got %v, want %v with %q", pid, err, kind, word)
	}
}

func TestIdentify(t *testing.T) {
	identified(t, 1<<30, inject.ErrGone, "there is no such process")
	identified(t, os.Getpid(), inject.ErrMayNot, "is narrow itself")
	zombie := exec.Command("true")
	if err := zombie.Start(); err != nil {
		t.Fatal(err)
	}
	defer zombie.Wait()
	for deadline := time.Now().Add(5 * time.Second); ; {
		if s, err := kernel.ThreadStatus(zombie.Process.Pid, zombie.Process.Pid); err == nil && s.State == 'Z' {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no zombie")
		}
	}
	identified(t, zombie.Process.Pid, inject.ErrGone, "zombie")
	v := ready(t)
	if err := inject.Identify(v.pid()); err != nil {
		t.Errorf("a good process: %v", err)
	}
	tids, err := kernel.TaskIDs(v.pid())
	if err != nil || len(tids) != 2 {
		t.Fatal(tids, err)
	}
	identified(t, tids[1], inject.ErrGone, fmt.Sprint("is a thread of process ", v.pid()))
}

func TestKernelThread(t *testing.T) {
	const kthreadd = 2
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", kthreadd)); err != nil || strings.Contains(string(text), "VmSize") {
		t.Skip("process 2 is no thread of the kernel here")
	}
	if os.Getuid() == 0 {
		identified(t, kthreadd, inject.ErrMayNot, "thread of the kernel")
	} else {
		identified(t, kthreadd, inject.ErrMayNot, "may not be looked at")
	}
}

func TestTracedAlready(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		missing(t, "no strace")
	}
	v := ready(t)
	strace := exec.Command("strace", "-f", "-qq", "-o", "/dev/null", "-p", fmt.Sprint(v.pid()))
	if err := strace.Start(); err != nil {
		t.Fatal(err)
	}
	defer strace.Wait()
	defer strace.Process.Signal(os.Interrupt)
	for deadline := time.Now().Add(10 * time.Second); ; {
		if s, err := kernel.ThreadStatus(v.pid(), v.pid()); err == nil && s.TracerPID != 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("strace does not trace")
		}
	}
	identified(t, v.pid(), inject.ErrTraced, fmt.Sprintf(`"strace" (process %d)`, strace.Process.Pid))
	refusal(t, v.pid(), layersOf(t, noGetppid), inject.ErrTraced, "strace")
}

func TestAnothersProcess(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may")
	}
	identified(t, 1, inject.ErrMayNot, "run as root")
}

// An ordinary user narrows his own processes: the tests once more as nobody.
func TestAsNobody(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: this is an ordinary user already")
	}
	dir := shared(t)
	self := filepath.Join(dir, "inject.test")
	if err := errors.Join(copyFile(self, "/proc/self/exe"), os.Chmod(self, 0o755)); err != nil {
		t.Fatal(err)
	}
	built := filepath.Dir(compiled(t, "victim"))
	tmp := filepath.Join(dir, "tmp")
	if err := errors.Join(os.Mkdir(tmp, 0o777), os.Chmod(tmp, 0o777)); err != nil {
		t.Fatal(err)
	}
	tests := "Sleepers|Foreign|Landlock|Phases|Another|Kernel|NothingStays"
	if !testing.Short() {
		tests += "|Calls|Signals|Sequences|StoppedProcess|ThreadsThat|MemoryIs|Identify|Vfork"
	}
	c := exec.Command(self, "-test.run", "^Test("+tests+")", "-test.v")
	c.Dir = dir
	c.Env = append(os.Environ(), "TMPDIR="+tmp, "HOME="+tmp, programsVar+"="+built)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestSleepers") {
		t.Errorf("%v\n%s", err, out)
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// One phase after the other: the filter of the first lets through what the
// second takes, files included, whoever narrows.
func TestPhasesInTurn(t *testing.T) {
	file := filepath.Join(shared(t), "secret")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	v := ready(t, "opens", file)
	const text = `language 1
policy test
arch x86_64, aarch64
default errno EPERM
process { memory write-xor-execute }
allow @threading openat close exit_group read write futex munmap madvise rt_sigprocmask newfstatat fstat getppid
phase init {
    files { read /usr %s }
    allow socket
}
phase serving {
    files { read /usr }
}
phase last {
    errno EPERM getppid
}
`
	policyText := fmt.Sprintf(text, filepath.Dir(file))
	for i, phase := range []string{"init", "serving", "last"} {
		report := enterPhase(t, v.pid(), policyText, phase)
		for _, th := range report.Threads {
			if th.SeccompFilters != th.Before+1 || th.SeccompFilters < i+1 {
				t.Errorf("phase %s: thread %d has %d filters, %d before", phase, th.TID, th.SeccompFilters, th.Before)
			}
		}
	}
	v.tell(t)
	for range 3 {
		if got := v.line(t); got != fmt.Sprint(int(syscall.EACCES)) {
			t.Errorf("open: got errno %s, want EACCES", got)
		}
	}
	v.ends(t)
}
