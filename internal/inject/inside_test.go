//go:build linux

package inject

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

func TestParseMapping(t *testing.T) {
	for line, want := range map[string]mapping{
		"7ffd1000-7ffd3000 r-xp 00000000 00:00 0    [vdso]":                  {0x7ffd1000, 0x7ffd3000, "r-xp", "[vdso]"},
		"00400000-00401000 rw-p 00001000 08:01 1234 /usr/bin/a b":            {0x400000, 0x401000, "rw-p", "/usr/bin/a"},
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]": {0xffffffffff600000, 0xffffffffff601000, "--xp", "[vsyscall]"},
		"7f0000000000-7f0000001000 rw-p 00000000 00:00 0 ":                   {0x7f0000000000, 0x7f0000001000, "rw-p", ""},
		"1000-1000 rw-p 00000000 00:00 0":                                    {},
		"2000-1000 rw-p 00000000 00:00 0":                                    {},
		"nothing":                                                            {},
		"zz-yy rw-p 0 0 0":                                                   {},
		"":                                                                   {},
	} {
		got, ok := parseMapping(line)
		if ok != (want.end > want.start) || ok && got != want {
			t.Errorf("%q: got %v, %t, want %v", line, got, ok, want)
		}
	}
}

func TestFindMemory(t *testing.T) {
	small, large := mapping{0x1000, 0x2000, "rw-p", ""}, mapping{0x10000, 0x40000, "rw-p", ""}
	stack := mapping{0x100000, 0x121000, "rw-p", "[stack]"}
	for name, c := range map[string]struct {
		all  []mapping
		want mapping
	}{
		"the stack before all":    {[]mapping{large, stack}, stack},
		"without one the largest": {[]mapping{small, large, {0x50000, 0x60000, "rw-p", ""}}, large},
		"not shared memory":       {[]mapping{{0, 1 << 30, "rw-s", ""}, large}, large},
		"not a file's":            {[]mapping{{0, 1 << 30, "rw-p", "/usr/bin/x"}, large}, large},
		"too small":               {[]mapping{small}, mapping{}},
		"a small stack":           {[]mapping{{0, 0x1000, "rw-p", "[stack]"}, large}, large},
	} {
		if got, ok := findMemory(c.all); got != c.want || ok != (c.want != mapping{}) {
			t.Errorf("%s: got %v, %t, want %v", name, got, ok, c.want)
		}
	}
}

func TestThroughProc(t *testing.T) {
	for path, want := range map[string]string{
		"/proc/self/status": "/proc/7/status", "/proc/self": "/proc/7", "/proc/selfish": "/proc/selfish",
		"/proc/thread-self/attr": "/proc/7/attr", "/dev/fd/3": "/proc/7/fd/3", "/dev/stdin": "/proc/7/fd/0",
		"/proc//self/./fd": "/proc/7/fd", "/etc": "/etc", "/proc/1/status": "/proc/1/status",
	} {
		if got := throughProc(path, 7); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

// Calls that may be made again: those which signal(7) lists, and none that may
// have done something.
func TestRestarting(t *testing.T) {
	x86, _ := abi.ByName("x86_64")
	for name, want := range map[string]bool{
		"epoll_wait": true, "semtimedop": true, "rt_sigtimedwait": true, "io_getevents": true, "recvfrom": true,
		"close": false, "futex": false, "poll": false, "nanosleep": false, "clone": false,
	} {
		call, ok := x86.Call(name)
		if !ok {
			t.Fatal(name)
		}
		if got := restarting(x86.Audit, call.Nr); got != want {
			t.Errorf("%s: got %t, want %t", name, got, want)
		}
	}
	if restarting(x86.Audit, 99999) || restarting(1, 0) {
		t.Error("an unknown call is made again")
	}
}

// A thread goes back into its call, and by restart_syscall where the kernel
// makes that of it: a filter has to let both through.
func TestCallsOfAThread(t *testing.T) {
	sleep := bpf.Data{Arch: abi.Native().Audit, Nr: unix.SYS_NANOSLEEP}
	for _, c := range []struct {
		t    Thread
		want string
	}{
		{Thread{}, ""},
		{Thread{Call: &sleep}, "nanosleep"},
		{Thread{Call: &sleep, Restarts: true}, "nanosleep restart_syscall"},
	} {
		var got []string
		for _, call := range c.t.calls() {
			got = append(got, describe(&call))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("got %v, want %s", got, c.want)
		}
	}
}

func TestDescribeLeavesOutWhatIsNotRead(t *testing.T) {
	call := bpf.Data{Arch: abi.Native().Audit, Nr: unix.SYS_CLOSE, Args: [6]uint64{3, 1, 2, 3, 4, 5}}
	if got := describe(&call); got != "close(fd == 3)" {
		t.Errorf("got %s", got)
	}
	if got := describe(&bpf.Data{Arch: 1}); got != "a call of an unknown ABI" {
		t.Errorf("got %s", got)
	}
}

// Which threads get which rules.
func TestClasses(t *testing.T) {
	p, err := policy.Load("test.narrow", []byte(`language 1
policy test
arch x86_64, aarch64
default allow
phase p {
    thread main { errno 1 getppid }
    thread work* { errno 2 getppid }
    thread free { allow * }
    errno 3 getppid
}
`), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(p.Phases[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	call := bpf.Data{Arch: abi.Native().Audit, Nr: unix.SYS_GETPPID}
	if !slices.Contains(p.Arches, abi.Native()) {
		t.Skip("not a machine of the policy's")
	}
	for _, c := range []struct {
		name  string
		first bool
		class string
		errno uint16
	}{
		{"server", true, "main", 1}, {"worker-1", false, "work*", 2}, {"other", false, "", 3}, {"main", false, "", 3},
		{"worker", true, "main", 1}, {"free", false, "free", 0},
	} {
		f, class := l.For(c.name, c.first)
		errno := uint16(0)
		if f != nil {
			v, _ := f.Rules.Evaluate(&call)
			errno = v.Data
		}
		if class != c.class || errno != c.errno {
			t.Errorf("%s, first %t: got %q, errno %d, want %q, %d", c.name, c.first, class, errno, c.class, c.errno)
		}
	}
}
