package narrowtest

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/bpf"
)

// What a failure says of a call that kills: the call, the rule, the place. Not
// even the words of the runtime need be allowed.
func TestDeniedIsTold(t *testing.T) {
	if callRegisters[runtime.GOARCH] == nil {
		t.Skip("this architecture's registers are not known")
	}
	s, err := narrow.Parse("p.narrow", `language 1
policy p
arch x86_64, aarch64 else kill-process
default allow
phase serving {
	kill-process chdir
	kill-process write(fd == 2)
	thread worker { kill-thread fchdir }
}
`)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		class string
		try   func() error
		want  []string
	}{
		"process": {"", func() error { return os.Chdir("/") },
			[]string{"the call was chdir(filename != NULL), which gets kill-process by chdir at p.narrow:6:15", "by os.Chdir at ", "where_linux_test.go:"}},
		"thread": {"worker", func() error { return syscall.Fchdir(7) },
			[]string{"the call was fchdir(fd == 7), which gets kill-thread by fchdir at p.narrow:8:30", "where_linux_test.go:"}},
		"raw": {"worker", func() error { _, _, errno := syscall.RawSyscall(syscall.SYS_FCHDIR, 8, 0, 0); return errno },
			[]string{"the call was fchdir(fd == 8)", "where_linux_test.go:"}},
	} {
		t.Run(name, func(t *testing.T) {
			serving := In{Sandbox: s, Phase: "serving", Class: c.class}
			o := serving.Try(t, c.try)
			got := serving.denied(t, o)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("%v: got %q, want %q", o, got, want)
				}
			}
			if strings.Contains(got, "try_linux.go") {
				t.Errorf("it tells of this package: %s", got)
			}
		})
	}
}

func TestNothingIsToldOfOthers(t *testing.T) {
	for _, output := range []string{"", "panic: oh", "SIGSYS: bad system call\nPC=0x1", "SIGSYS: bad system call\n\ngoroutine 7 [running]:\nmain.main", "SIGSYS: bad system call\nrax\nrax zz\n\ngoroutine 1"} {
		got := where(output, func(*bpf.Data) string { return "" })
		if told := strings.Contains(output, "SIGSYS"); told != (got != "") {
			t.Errorf("%q: got %q", output, got)
		}
	}
}
