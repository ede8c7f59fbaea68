//go:build linux

package inject_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// ready starts the victim in a mode and waits until it is as it should be.
func ready(t *testing.T, args ...string) *process {
	t.Helper()
	v := start(t, compiled(t, "victim"), args...)
	if line := v.line(t); line != "ready" {
		t.Skipf("this machine has none of it: %s", line)
	}
	return v
}

// tell lets the victim go on.
func (v *process) tell(t *testing.T) {
	t.Helper()
	if _, err := fmt.Fprintln(v.in); err != nil {
		t.Fatal(err)
	}
}

// ends waits for the victim's end, which should be a good one.
func (v *process) ends(t *testing.T) {
	t.Helper()
	if err := v.Wait(); err != nil {
		t.Errorf("the victim: %v", err)
	}
}

// times is how often a test that stresses enters: more by NARROW_LONG=1.
func times(short, long int) int {
	if os.Getenv("NARROW_LONG") == "1" {
		return long
	}
	return short
}

// untouched checks that no thread of a process has taken on anything, nor is traced.
func untouched(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; {
		all, err := kernel.ProcessStatus(pid)
		if err != nil || len(all) == 0 {
			t.Fatalf("%d threads, %v", len(all), err)
		}
		touched := ""
		for _, s := range all {
			if s.SeccompMode == 2 || s.NoNewPrivs || s.TracerPID != 0 {
				touched += fmt.Sprintf("thread %d has Seccomp %d, NoNewPrivs %t, TracerPid %d\n", s.TID, s.SeccompMode, s.NoNewPrivs, s.TracerPID)
			}
		}
		switch {
		case touched == "":
			return
		case time.Now().After(deadline): // the tracer's thread takes a moment to end
			t.Fatal(touched)
		}
	}
}

// narrowed checks that all threads that live have n filters, and nobody traces them.
func narrowed(t *testing.T, pid, n int) {
	t.Helper()
	all, err := kernel.ProcessStatus(pid)
	if err != nil || len(all) == 0 {
		t.Fatalf("%d threads, %v", len(all), err)
	}
	for _, s := range all {
		if s.State == 'Z' || s.State == 'X' {
			continue
		}
		if s.SeccompFilters != n || !s.NoNewPrivs || s.TracerPID != 0 {
			t.Errorf("thread %d (%s, %c) has %d filters, NoNewPrivs %t, TracerPid %d; want %d, true, 0", s.TID, s.Name, s.State, s.SeccompFilters, s.NoNewPrivs, s.TracerPID, n)
		}
	}
}

// daring is for processes that have filters of which the test knows that they
// let everything through that narrows: only root would be told.
func daring() inject.Options { return inject.Options{BestEffort: true} }

// stress enters a victim many times, then lets it sum up.
func stress(t *testing.T, want string, mode ...string) {
	v := ready(t, mode...)
	l := layersOf(t, noGetppid)
	for range times(40, 1000) {
		if _, err := enter(v.pid(), l, daring()); err != nil {
			t.Fatal(err)
		}
	}
	v.tell(t)
	if line := v.line(t); !strings.HasPrefix(line, want) {
		t.Errorf("got %q, want %s...", line, want)
	}
	v.ends(t)
}

// Signals that arrive meanwhile end the calls that they end otherwise, and no
// call returns EINTR for the tracer's sake.
func TestCallsThatSignalsEnd(t *testing.T) { stress(t, "odd 0 of ", "pingpong") }

// Signals that arrive meanwhile are handled once each.
func TestSignalsAreKept(t *testing.T) { stress(t, "lost 0 of ", "storm") }

// A restartable sequence that was interrupted goes on at its abort handler.
func TestSequencesAreAborted(t *testing.T) { stress(t, "lost 0 of ", "sequences") }

// Registers that the kernel forgets at a call are those of a thread that made none.
func TestVectorsAreKept(t *testing.T) {
	for _, kind := range []string{"sve", "streaming"} {
		t.Run(kind, func(t *testing.T) { stress(t, "lost 0 of ", "vectors", kind) })
	}
}

// A thread that starts while others are being stopped is not missed.
func TestThreadsThatStart(t *testing.T) {
	v := ready(t, "spawn")
	l := layersOf(t, noGetppid)
	most := 0
	for i := range times(40, 1000) {
		report, err := enter(v.pid(), l, daring())
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(report.Threads))
		narrowed(t, v.pid(), i+1)
	}
	if most <= 4 {
		t.Errorf("never more than %d threads: none was starting", most)
	}
	v.tell(t)
	v.line(t)
	v.ends(t)
}

// Nothing of narrow stays: signals and their dispositions, memory and
// descriptors are as they were.
func TestNothingStays(t *testing.T) {
	v := ready(t, "traps")
	v.asleep(t, 2)
	look := func() string {
		var b strings.Builder
		tids, err := kernel.TaskIDs(v.pid())
		if err != nil {
			t.Fatal(err)
		}
		signals := regexp.MustCompile(`(?m)^(Sig|Shd)...:.*$`)
		for _, tid := range tids {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/status", v.pid(), tid))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&b, tid, signals.FindAllString(string(text), -1))
			text, _ = os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/syscall", v.pid(), tid))
			fmt.Fprintf(&b, "%s", text)
		}
		maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", v.pid()))
		if err != nil {
			t.Fatal(err)
		}
		fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", v.pid()))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s%s%v", &b, maps, fds)
	}
	before := look()
	if _, err := enter(v.pid(), layersOf(t, noGetppid), inject.Options{}); err != nil {
		t.Fatal(err)
	}
	v.asleep(t, 2)
	if after := look(); after != before {
		t.Errorf("got\n%s\nwant\n%s", after, before)
	}
	narrowed(t, v.pid(), 1)
}

// The memory that is borrowed is put back, also where it is in use.
func TestMemoryIsPutBack(t *testing.T) {
	v := ready(t, "deep")
	if _, err := enter(v.pid(), layersOf(t, largePolicy()), inject.Options{}); err != nil {
		t.Fatal(err)
	}
	v.tell(t)
	v.ends(t)
}

// A process that is stopped by SIGSTOP is so afterwards, too.
func TestStoppedProcess(t *testing.T) {
	v := ready(t)
	if err := v.Process.Signal(unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	v.are(t, 'T')
	if _, err := enter(v.pid(), layersOf(t, noGetppid), inject.Options{}); err != nil {
		t.Fatal(err)
	}
	v.are(t, 'T')
	narrowed(t, v.pid(), 1)
	if err := v.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	v.are(t, 'S')
	v.tell(t)
	v.ends(t)
}

// are waits until all threads are in a state, as /proc calls it.
func (v *process) are(t *testing.T, want byte) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); ; {
		all, err := kernel.ProcessStatus(v.pid())
		if err != nil {
			t.Fatal(err)
		}
		as := 0
		for _, s := range all {
			if s.State == want {
				as++
			}
		}
		if as == len(all) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d threads are %c", as, len(all), want)
		}
	}
}

// A SIGSTOP and the SIGCONT after it, both in the middle of the step, keep
// their order: the process is not left stopped.
func TestStoppedAndContinuedMidway(t *testing.T) {
	v := ready(t)
	l := layersOf(t, noGetppid)
	for range times(40, 400) {
		over, heard := make(chan error), make(chan error, 1)
		go func() {
			for {
				err := errors.Join(v.Process.Signal(unix.SIGSTOP), v.Process.Signal(unix.SIGCONT))
				select {
				case <-over:
					heard <- err
					return
				default:
				}
			}
		}()
		_, err := enter(v.pid(), l, daring())
		close(over)
		if err := errors.Join(err, <-heard); err != nil {
			t.Fatal(err)
		}
		v.are(t, 'S')
	}
	v.tell(t)
	v.ends(t)
}

// A process whose first thread has ended is narrowed as any other.
func TestWithoutFirstThread(t *testing.T) {
	v := ready(t, "leaderless")
	if err := inject.Identify(v.pid()); err != nil {
		t.Fatal(err)
	}
	if _, err := enter(v.pid(), layersOf(t, noGetppid), inject.Options{}); err != nil {
		t.Fatal(err)
	}
	v.tell(t)
	v.ends(t)
}

// A program that executes itself all the time is either narrowed or not; it
// lives in any case.
func TestProgramThatExecutes(t *testing.T) {
	n := times(60, 600)
	v := start(t, compiled(t, "victim"), "execs", strconv.Itoa(n))
	l := layersOf(t, noGetppid)
	done := make(chan string)
	go func() {
		line, _ := v.out.ReadString('\n')
		done <- line
	}()
	for entered := 0; ; {
		select {
		case line := <-done:
			if line != "done\n" {
				t.Errorf("got %q", line)
			}
			t.Logf("entered %d times in %d execs", entered, n)
			if err := v.Wait(); err != nil && !errors.Is(err, unix.ECHILD) { // the tracer, being its parent too, may have heard of its end
				t.Error(err)
			}
			return
		default:
		}
		_, err := enter(v.pid(), l, daring())
		switch {
		case err == nil:
			entered++
		case !errors.Is(err, inject.ErrExec) && !errors.Is(err, inject.ErrGone):
			t.Fatalf("%v", err)
		}
	}
}

// refusal narrows a process that cannot be, and wants the kind of error and the
// words of its text.
func refusal(t *testing.T, pid int, l *inject.Layers, kind error, words ...string) {
	t.Helper()
	_, err := enter(pid, l, inject.Options{})
	if !errors.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
	var e *inject.Error
	if !errors.As(err, &e) || e.Partial {
		t.Errorf("%#v: want an Error that is not Partial", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %v, want %q in it", err, w)
		}
	}
}

func TestCallThatWouldBeDenied(t *testing.T) {
	v := ready(t)
	v.asleep(t, 2)
	refusal(t, v.pid(), layersOf(t, `language 1
policy test
arch x86_64, aarch64
default allow
phase serving {
    thread main { errno EPERM read(fd == 0) }
    thread victim { allow pause }
}
`), inject.ErrDenied, "is in read(fd == 0, buf != NULL, count == 16), which phase serving, thread main answers with errno EPERM: `errno EPERM read(fd == 0)` (test.narrow:6:31)")
	untouched(t, v.pid())
	v.tell(t)
	v.ends(t)
}

func TestThreadInMode1(t *testing.T) {
	v := ready(t, "mode1")
	refusal(t, v.pid(), layersOf(t, noGetppid), inject.ErrMode1)
	untouched(t, v.pid())
	v.tell(t)
}

// A thread that waits for its vfork child hears of nothing; all others go on
// at once, and when it is back it can be narrowed.
func TestVfork(t *testing.T) {
	v := ready(t, "vforked")
	for deadline := time.Now().Add(5 * time.Second); ; { // until the child is there
		if s, err := kernel.ThreadStatus(v.pid(), v.pid()); err == nil && s.State == 'D' {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no vfork")
		}
	}
	refusal(t, v.pid(), layersOf(t, noGetppid), inject.ErrNotStops, "vfork", "try again later")
	untouched(t, v.pid())
	v.tell(t)
	v.line(t)
	if _, err := enter(v.pid(), layersOf(t, noGetppid), inject.Options{}); err != nil {
		t.Fatal(err)
	}
	v.tell(t)
	v.ends(t)
}

// Filters that kill whoever makes the calls that narrow: root suspends them.
func TestForeignFilters(t *testing.T) {
	v := ready(t, "filtered", "0")
	l := layersOf(t, noGetppid)
	if os.Getuid() != 0 {
		refusal(t, v.pid(), l, inject.ErrForeign, "run as root")
		return
	}
	if _, err := enter(v.pid(), l, inject.Options{}); err != nil {
		t.Fatal(err)
	}
	v.tell(t)
	v.ends(t)
}

// The kernel's budget for the filters of a thread is asked first.
func TestBudget(t *testing.T) {
	v := ready(t, "filtered", "1")
	l := layersOf(t, largePolicy())
	if os.Getuid() != 0 {
		t.Skip("not root: filters cannot be read")
	}
	before, err := kernel.ThreadStatus(v.pid(), v.pid())
	if err != nil {
		t.Fatal(err)
	}
	_, err = enter(v.pid(), l, inject.Options{})
	var e *inject.Error
	if !errors.As(err, &e) || e.Partial || !errors.Is(err, unix.ENOMEM) || !strings.Contains(err.Error(), "filters of its own") {
		t.Fatalf("got %v", err)
	}
	if now, err := kernel.ThreadStatus(v.pid(), v.pid()); err != nil || now.SeccompFilters != before.SeccompFilters {
		t.Errorf("%d filters, want %d; %v", now.SeccompFilters, before.SeccompFilters, err)
	}
}

// largePolicy is one whose filter has more than a thousand instructions.
func largePolicy() string {
	var b strings.Builder
	b.WriteString("language 1\npolicy large\narch x86_64, aarch64\ndefault allow\n")
	for i := range 1500 {
		fmt.Fprintf(&b, "errno %d close(fd == %d)\n", i%30+1, i*7+10)
	}
	return b.String()
}

// Landlock holds on every thread, also on one that was there before.
func TestLandlockOnEachThread(t *testing.T) {
	dir := t.TempDir()
	file := dir + "/secret"
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	v := ready(t, "opens", file)
	enterPolicy(t, v.pid(), "language 1\npolicy test\narch x86_64, aarch64\ndefault allow\nfiles { read /usr /proc/self/status }\n")
	v.tell(t)
	for range 3 {
		if got := v.line(t); got != fmt.Sprint(int(unix.EACCES)) {
			t.Errorf("open: got errno %s, want EACCES", got)
		}
	}
	v.ends(t)
}

func Test32Bit(t *testing.T) {
	program := filepath.Join(os.Getenv(programsVar), "bits32")
	if _, err := os.Stat(program); err != nil {
		program = compiled32(t)
	}
	c := exec.Command(program)
	if err := c.Start(); err != nil {
		t.Skip("this kernel runs no 32-bit program: ", err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	if err := inject.Identify(c.Process.Pid); !errors.Is(err, inject.ErrABI) || !strings.Contains(err.Error(), "32-bit") {
		t.Errorf("got %v", err)
	}
	refusal(t, c.Process.Pid, layersOf(t, noGetppid), inject.ErrABI)
	untouched(t, c.Process.Pid)
}

// compiled32 is a program for the 32-bit ABI of x86_64.
func compiled32(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	source := "void _start(void) { for (;;) { int r; __asm__ volatile(\"int $0x80\" : \"=a\"(r) : \"a\"(29)); } }\n"
	if err := os.WriteFile(dir+"/p.c", []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-m32", "-nostdlib", "-static", "-fno-pic", "-o", dir+"/p", dir+"/p.c").CombinedOutput(); err != nil {
		missing(t, "gcc makes no 32-bit program: "+string(out))
	}
	return dir + "/p"
}

// The kernel's limit on domains is met before a thread has anything that
// another lacks.
func TestTooManyDomains(t *testing.T) {
	v := ready(t)
	p, err := policy.Load("test.narrow", []byte("language 1\npolicy test\narch x86_64, aarch64\nprocess { memory write-xor-execute }\ndefault allow\nfiles { read / }\n"), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, lacks, err := inject.Plan(p, 0, v.pid())
	if err != nil || len(lacks) > 0 {
		t.Skip(err, lacks)
	}
	const most = 16
	for range most {
		if _, err = enter(v.pid(), l, daring()); err != nil {
			t.Fatal(err)
		}
	}
	_, err = enter(v.pid(), l, daring())
	var e *inject.Error
	if !errors.As(err, &e) || e.Partial || !errors.Is(err, unix.E2BIG) || !strings.Contains(err.Error(), "16 domains") {
		t.Errorf("got %v", err)
	}
	narrowed(t, v.pid(), most) // a files block denies calls, too
}

// What the kernel refuses to a later thread is told to be half done.
func TestPartial(t *testing.T) {
	v := ready(t, "domains")
	p, err := policy.Load("test.narrow", []byte("language 1\npolicy test\narch x86_64, aarch64\ndefault allow\nfiles { read / }\n"), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := inject.Plan(p, 0, v.pid())
	if err != nil {
		t.Fatal(err)
	}
	_, err = enter(v.pid(), l, inject.Options{})
	var e *inject.Error
	if !errors.As(err, &e) || !e.Partial || e.Thread == v.pid() || !strings.Contains(err.Error(), "some of its threads are narrowed and others are not") {
		t.Errorf("got %v", err)
	}
	v.tell(t) // it goes on all the same
	v.ends(t)
}

// Capabilities that the policy does not keep are gone from every thread.
func TestCapabilities(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("not root: there are none to take")
	}
	v := ready(t)
	enterPolicy(t, v.pid(), "language 1\npolicy test\narch x86_64, aarch64\nprocess { capabilities KILL, CHOWN }\ndefault allow\n")
	all, err := kernel.ProcessStatus(v.pid())
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	for _, s := range all {
		if got := kernel.CapNames(s.CapPermitted | s.CapEffective | s.CapInheritable); !slices.Equal(got, []string{"CHOWN", "KILL"}) || !s.NoNewPrivs {
			t.Errorf("thread %d has %v, NoNewPrivs %t", s.TID, got, s.NoNewPrivs)
		}
	}
	v.tell(t)
	v.ends(t)
}

// A class that is strict gets the kernel's mode 1, if its thread is in one of
// the calls that this leaves it.
func TestStrictClass(t *testing.T) {
	v := ready(t)
	v.asleep(t, 2)
	report := enterPolicy(t, v.pid(), "language 1\npolicy test\narch x86_64, aarch64\ndefault allow\nphase all { thread main { strict } }\n")
	for _, th := range report.Threads {
		want := 0
		if th.TID == v.pid() {
			want = 1
		}
		if th.Seccomp != want {
			t.Errorf("thread %d is in mode %d, want %d", th.TID, th.Seccomp, want)
		}
	}
}
