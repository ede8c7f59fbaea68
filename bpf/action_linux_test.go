package bpf_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// pgrp asks for the process group: a call that always succeeds, changes nothing
// and is not one that the runtime makes.
const pgrp = unix.SYS_GETPGID

// onPgrp is a filter that returns the action for pgrp and allows the rest.
func onPgrp(a bpf.Action) bpf.Program {
	return bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, pgrp, 0, 1),
		bpf.Stmt(bpf.RET|bpf.K, uint32(a)),
		allowAll[0],
	}
}

// TestKernelActions gives every kind of action to a process of its own and
// compares what becomes of it with Effect.
func TestKernelActions(t *testing.T) {
	const name = "NARROW_BPF_ACTION"
	if text := os.Getenv(name); text != "" {
		a, _ := strconv.ParseUint(text, 0, 32)
		os.Exit(sufferAction(bpf.Action(a)))
	}
	requireSeccomp(t)
	for _, a := range []bpf.Action{
		bpf.RetAllow, bpf.RetAllow | 7, bpf.RetLog, bpf.RetLog | 7, bpf.RetErrno, bpf.RetErrno | 1, bpf.RetErrno | 133,
		bpf.RetErrno | 4095, bpf.RetErrno | 4096, bpf.RetErrno | 0xffff, bpf.RetTrace | 3, bpf.RetUserNotif | 3, bpf.RetTrap | 3,
		bpf.RetKillThread, bpf.RetKillThread | 9, bpf.RetKillProcess, bpf.RetKillProcess | 9,
		0x00010000, 0x00020005, 0x00040000, 0x00060000, 0x7fbf0000, 0x7ffe0001, 0x7ffd0000, 0x80010000, 0xffff0000, 0xfffe0123,
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKernelActions$", "-test.timeout=1m")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%#x", name, uint32(a)))
		if got, want := fate(cmd.Run()), fateOf(a); got != want {
			t.Errorf("%v (%#x): the process %s, want %s", a, uint32(a), got, want)
		}
	}
}

// sufferAction makes pgrp under the action and gives the outcome as an exit
// status: 100 for success, 99 for the death of the thread alone, exitWith's for
// an error.
func sufferAction(a bpf.Action) int {
	err := survive(onPgrp(a), func() error { return outcomeOf(syscall.Syscall(pgrp, 0, 0, 0)) })
	switch err {
	case errMade:
		return 100
	case errDied:
		return 99
	}
	return exitWith(err)
}

// errMade says that the call was made.
var errMade = errors.New("made the call")

// outcomeOf is errMade or the call's error, of which package syscall takes 4095
// for a result.
func outcomeOf(r, _ uintptr, errno syscall.Errno) error {
	switch {
	case errno != 0:
		return errno
	case int64(r) > 0:
		return errMade
	}
	return syscall.Errno(-r)
}

// exitWith maps the errors that the test knows to statuses.
func exitWith(err error) int {
	errno, _ := errors.AsType[syscall.Errno](err)
	return firstErrno + slices.Index(errnos, errno)
}

// firstErrno is the status for the first of errnos.
const firstErrno = 50

// errnos are the errors that the test's actions give, the first being none.
var errnos = []syscall.Errno{0, 1, 133, 4095, unix.ENOSYS}

// fate is what became of a process of TestKernelActions.
func fate(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Sprintf("ended well (%v)", err)
	}
	status := exit.Sys().(syscall.WaitStatus)
	switch code := status.ExitStatus(); {
	case status.Signaled():
		return "died of " + unix.SignalName(status.Signal())
	case code == 100:
		return "made the call"
	case code == 99:
		return "lost the thread"
	case code == 2:
		return "was trapped" // how the Go runtime ends at a SIGSYS
	case code >= firstErrno && code < firstErrno+len(errnos):
		return fmt.Sprintf("got error %d", errnos[code-firstErrno])
	default:
		return fmt.Sprintf("ended with status %d", code)
	}
}

// fateOf is the same by what package bpf says of the action.
func fateOf(a bpf.Action) string {
	switch e := a.Effect(); e.Kind() {
	case bpf.RetAllow, bpf.RetLog:
		return "made the call"
	case bpf.RetErrno:
		return fmt.Sprintf("got error %d", e.Data())
	case bpf.RetTrace, bpf.RetUserNotif:
		return fmt.Sprintf("got error %d", unix.ENOSYS)
	case bpf.RetTrap:
		return "was trapped"
	case bpf.RetKillThread:
		return "lost the thread"
	}
	return "died of SIGSYS"
}

// TestKernelStrictest compares the winner among stacked filters with
// StackVM.Run, for the actions that leave the thread alive.
func TestKernelStrictest(t *testing.T) {
	if !inChild(t, checks(1500)) {
		return
	}
	actions := []bpf.Action{
		bpf.RetAllow, bpf.RetAllow | 5, bpf.RetErrno, bpf.RetErrno | 1, bpf.RetErrno | 2, bpf.RetErrno | 77,
		bpf.RetTrace, bpf.RetTrace | 9, bpf.RetUserNotif, bpf.RetUserNotif | 4, bpf.RetErrno | 0xffff,
	}
	arch, _ := where(t)
	call := bpf.Data{Nr: pgrp, Arch: arch}
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		picked := rapid.SliceOfN(rapid.SampledFrom(actions), 1, 5).Draw(t, "actions")
		var stack bpf.Stack
		for _, a := range picked {
			stack = append(stack, onPgrp(a))
		}
		vm, err := bpf.NewStackVM(stack)
		if err != nil {
			t.Fatal(err)
		}
		value, _, _ := vm.Run(&call)
		want := fateOf(bpf.Action(value))
		if got := underAll(stack); got != want {
			t.Fatalf("the process %s, but the VM says %v, which is %q", got, bpf.Action(value), want)
		}
		seen[want]++
	})
	t.Logf("outcomes: %v", seen)
	if len(seen) < 6 {
		t.Errorf("%d outcomes are too few", len(seen))
	}
}

// underAll makes pgrp on a thread with the filters, in the words of fateOf.
func underAll(stack bpf.Stack) string {
	var text string
	err := aside(func() error {
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		for _, p := range stack {
			if _, errno := install(p, 0); errno != 0 {
				return errno
			}
		}
		if err := outcomeOf(syscall.RawSyscall(pgrp, 0, 0, 0)); err != errMade {
			text = fmt.Sprintf("got error %d", err)
			return nil
		}
		text = "made the call"
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return text
}
