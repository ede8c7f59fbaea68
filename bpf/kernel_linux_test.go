package bpf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/narrow-sandbox/narrow/bpf"
	"golang.org/x/sys/unix"
)

// What the tests against the live kernel share. Each runs in a process of its
// own, this test binary started again, because filters never go away.

// childLimit is how long a child process may take, in the long form.
const childLimit = 8 * time.Minute

// inChild returns true in a child process that runs only this test. In the
// parent it starts that child with the given flags, fails the test if the child
// does, passes its log on, and returns false.
func inChild(t *testing.T, flags ...string) bool {
	t.Helper()
	const name = "NARROW_BPF_CHILD"
	if os.Getenv(name) == t.Name() {
		requireSeccomp(t)
		return true
	}
	ctx, cancel := context.WithTimeout(t.Context(), childLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"-test.run=^" + t.Name() + "$", "-test.v", "-rapid.nofailfile"}, flags...)...)
	cmd.Env = append(os.Environ(), name+"="+t.Name())
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil:
		t.Fatalf("child process: %v\n%s", err, out)
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skipf("child process:\n%s", out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "    ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	return false
}

// requireSeccomp skips where the kernel has no filters, which CI must have.
func requireSeccomp(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_GET_SECCOMP, 0, 0, 0, 0); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the kernel has no seccomp: %v", err)
		}
		t.Skipf("the kernel has no seccomp: %v", err)
	}
}

// long is n, or much more where NARROW_LONG asks for it.
func long(n int) int {
	if os.Getenv("NARROW_LONG") != "" {
		return 50 * n
	}
	return n
}

// checks is the flag that makes rapid try a property n times, or much more.
func checks(n int) string { return "-rapid.checks=" + strconv.Itoa(long(n)) }

// fprog is struct sock_fprog.
type fprog struct {
	len    uint16
	filter *bpf.Instruction // as struct sock_filter
}

// install asks for a filter on the calling thread. The result is what
// seccomp(2) returns: with TSYNC it may be a thread's id.
func install(p bpf.Program, flags uintptr) (uintptr, syscall.Errno) {
	prog := fprog{len: uint16(len(p)), filter: unsafe.SliceData(p)}
	r, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(p)
	return r, errno
}

// mayInstall lets the calling thread install filters without privileges.
func mayInstall(t *testing.T) {
	t.Helper()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatalf("no_new_privs: %v", err)
	}
}

var allowAll = bpf.Program{bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow))}

// aside runs f on a thread of its own, which ends with it, and waits. f may
// confine the thread, and must not end the test by itself: it returns errors.
// The thread is not the process's first: that one stays behind as a zombie when
// it dies, where others vanish.
func aside(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			err := aside(f) // cannot get this thread, which is locked
			runtime.UnlockOSThread()
			done <- err
			return
		}
		done <- f() // never unlocked: the thread ends with its filters
	}()
	return <-done
}

// errDied says that a thread died in a call.
var errDied = errors.New("lost the thread")

// survive makes a call on a thread of its own under a filter, and returns what
// call returns, or errDied once the thread has vanished. The call must be made
// by syscall.Syscall, so that the runtime knows that the thread may not return.
func survive(p bpf.Program, call func() error) error {
	tid, back := make(chan int, 1), make(chan error, 1)
	go aside(func() error {
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		_, errno := install(p, 0)
		tid <- unix.Gettid()
		if errno != 0 {
			back <- fmt.Errorf("install %v: %w", p, errno)
			return nil
		}
		back <- call()
		return nil
	})
	thread := <-tid
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		vanished := unix.Tgkill(unix.Getpid(), thread, 0) == unix.ESRCH
		select {
		case err := <-back: // it answers before it vanishes
			return err
		default:
			if vanished {
				return errDied
			}
		}
	}
	return fmt.Errorf("thread %d neither returned nor died", thread)
}

// prober asks whether the kernel would admit a filter without installing any.
// SECCOMP_FILTER_FLAG_TSYNC demands that the filters of all other threads are
// ancestors of the caller's. One thread has a filter that nobody else has, so
// every admissible program fails there, with that thread's id, but only after
// the kernel has checked it (EINVAL) and the budget (ENOMEM).
type prober struct {
	t        *testing.T
	stranger uintptr // the thread that has a filter
}

// newProber readies the calling goroutine and its thread for probing.
func newProber(t *testing.T) *prober {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	mayInstall(t)
	started := make(chan syscall.Errno)
	p := &prober{t: t}
	go func() {
		runtime.LockOSThread()
		p.stranger = uintptr(unix.Gettid())
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		_, errno := install(allowAll, 0)
		started <- errno
		if errno == 0 {
			select {} // keep the thread
		}
	}()
	if errno := <-started; errno != 0 {
		t.Fatalf("install a filter that allows everything: %v", errno)
	}
	return p
}

// ask is nil if the kernel would admit the program, else its error.
func (p *prober) ask(program bpf.Program) error {
	r, errno := install(program, unix.SECCOMP_FILTER_FLAG_TSYNC)
	switch {
	case errno == 0 && r == p.stranger:
		return nil
	case errno == unix.EINVAL || errno == unix.ENOMEM:
		return errno
	}
	p.t.Fatalf("probe returned %d and %v, want thread %d, EINVAL or ENOMEM for\n%v", r, errno, p.stranger, program)
	return nil
}
