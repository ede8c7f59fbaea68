//go:build !386 && !arm && !mips && !mipsle

// Here registers have 64 bits.

package seccomp_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/narrowtest"
	"github.com/narrow-sandbox/narrow/seccomp"
)

// What is loaded holds on every thread, is read back, and compares arguments as
// the kernel reads them.
func TestLoad(t *testing.T) {
	b := seccomp.New(seccomp.Allow())
	b.Add(seccomp.Errno(syscall.EBUSY), "chdir")
	b.Add(seccomp.Errno(syscall.EXDEV), "fchdir", seccomp.Arg("fd", seccomp.Equal, 1000))
	b.Add(seccomp.Errno(syscall.ENXIO), "fchdir", seccomp.Register(0, seccomp.Equal, 1001))
	b.Add(seccomp.Errno(syscall.EDOM), "fchmod", seccomp.Masked("mode", 0o7000, 0o4000))
	o := (narrowtest.In{}).Try(t, func() error {
		report, err := b.Load()
		if err != nil {
			return err
		}
		if !report.Whole() || len(report.Threads) < 2 || report.Layer(narrow.LayerSeccomp).Status != narrow.Enforced {
			return fmt.Errorf("not whole:\n%v", report)
		}
		if _, err := b.Load(); err != nil { // once more is one filter more
			return err
		}
		const garbage = 7 << 32
		for what, c := range map[string]struct {
			errno syscall.Errno
			args  [3]uintptr
		}{
			"chdir":                          {syscall.EBUSY, [3]uintptr{syscall.SYS_CHDIR}},
			"fchdir, an int":                 {syscall.EXDEV, [3]uintptr{syscall.SYS_FCHDIR, 1000}},
			"fchdir, an int with garbage":    {syscall.EXDEV, [3]uintptr{syscall.SYS_FCHDIR, 1000 | garbage}},
			"fchdir, a register":             {syscall.ENXIO, [3]uintptr{syscall.SYS_FCHDIR, 1001}},
			"fchdir, a register and garbage": {syscall.EBADF, [3]uintptr{syscall.SYS_FCHDIR, 1001 | garbage}},
			"fchdir, another":                {syscall.EBADF, [3]uintptr{syscall.SYS_FCHDIR, 1002}},
			"fchmod":                         {syscall.EDOM, [3]uintptr{syscall.SYS_FCHMOD, 1002, 0o4755}},
			"fchmod, another":                {syscall.EBADF, [3]uintptr{syscall.SYS_FCHMOD, 1002, 0o2755}},
		} {
			result := make(chan syscall.Errno)
			go func() { // on whatever thread
				_, _, errno := syscall.Syscall(c.args[0], c.args[1], c.args[2], 0)
				result <- errno
			}()
			if errno := <-result; errno != c.errno {
				err = errors.Join(err, fmt.Errorf("%s: got %v, want %v", what, errno, c.errno))
			}
		}
		return err
	})
	if !o.Done || o.Text != "" {
		t.Error(o)
	}
}

// A filter that would be this program's end is not loaded.
func TestLoadForAnotherMachine(t *testing.T) {
	other := "s390x"
	if runtime.GOARCH == other {
		other = "x86_64"
	}
	b := seccomp.New(seccomp.KillProcess()).Arch(other).Add(seccomp.Allow(), "read")
	if _, err := b.Load(); err == nil || !strings.Contains(err.Error(), "arch line lacks the architecture of this program") {
		t.Errorf("got %v", err)
	}
}
