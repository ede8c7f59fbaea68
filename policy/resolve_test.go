package policy

import (
	"os"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// loadFile resolves a policy of testdata/resolve.
func loadFile(t *testing.T, name string) *Policy {
	t.Helper()
	src, err := os.ReadFile("testdata/resolve/" + name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load(name, src, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// callOf makes a concrete call of one in the notation.
func callOf(t *testing.T, a *abi.Arch, text string) bpf.Data {
	t.Helper()
	e, err := ParseCall(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	p, err := ResolvePattern([]*abi.Arch{a}, e)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	d, ok := p.Example(a)
	if !ok {
		t.Fatalf("%s: nothing fits on %s", text, a)
	}
	return d
}

// TestExample evaluates the language reference's own example, with verdicts
// worked out by hand.
func TestExample(t *testing.T) {
	p := loadFile(t, "example.narrow")
	if p.Name != "memcached" || len(p.Arches) != 2 || len(p.Phases) != 2 {
		t.Fatalf("got policy %s for %v with %d phases", p.Name, p.Arches, len(p.Phases))
	}
	for _, test := range []struct{ arch, phase, thread, call, want string }{
		{"x86_64", "init", "", "socket(family == AF_INET, type == SOCK_STREAM)", "allow"},
		{"x86_64", "init", "", "socket(family == AF_INET6, type == SOCK_STREAM|SOCK_CLOEXEC, protocol == IPPROTO_TCP)", "allow"},
		{"x86_64", "init", "", "socket(family == AF_INET, type == SOCK_STREAM, protocol == IPPROTO_MPTCP)", "errno EPROTONOSUPPORT"},
		{"x86_64", "init", "", "socket(family == AF_INET, type == SOCK_DGRAM)", "errno EPROTONOSUPPORT"},
		{"x86_64", "init", "", "socket(family == AF_UNIX, type == SOCK_STREAM)", "errno EAFNOSUPPORT"},
		{"x86_64", "init", "", "bind", "allow"},
		{"x86_64", "init", "", "ptrace", "kill-process"},
		{"x86_64", "init", "", "openat(flags == O_WRONLY|O_CREAT)", "kill-process"},
		{"x86_64", "init", "", "restart_syscall", "allow"},
		{"x86_64", "init", "", "io_uring_setup", "errno ENOSYS"},
		{"x86_64", "init", "", "chmod", "errno EPERM"},
		{"aarch64", "init", "", "fchmodat", "errno EPERM"},
		{"x86_64", "init", "", "syscall_1007", "errno ENOSYS"},
		{"x86_64", "init", "", "syscall_350", "kill-process"}, // a gap inside the table

		{"x86_64", "serving", "mc-worker", "read(fd == 30)", "allow"},
		{"x86_64", "serving", "mc-worker", "accept4(flags == SOCK_NONBLOCK)", "kill-process"},
		{"x86_64", "serving", "mc-worker", "sendmsg(fd == 7)", "allow"},
		{"x86_64", "serving", "mc-worker", "sendmsg(fd == 7, flags == MSG_FASTOPEN)", "errno EOPNOTSUPP"},
		{"x86_64", "serving", "mc-worker", "execve", "kill-process"},
		{"x86_64", "serving", "main", "epoll_wait", "allow"},
		{"x86_64", "serving", "main", "read", "kill-process"}, // $tls is no
		{"x86_64", "serving", "", "write(fd == 2)", "errno EPERM"},
		{"x86_64", "serving", "", "write(fd == 3)", "allow"},
		{"x86_64", "serving", "", "epoll_wait", "kill-process"},
		{"aarch64", "serving", "main", "accept4(flags == SOCK_NONBLOCK|SOCK_CLOEXEC)", "allow"},
		{"aarch64", "serving", "main", "accept4", "kill-process"},
	} {
		a, _ := abi.ByName(test.arch)
		d := callOf(t, a, test.call)
		ph, ok := p.Phase(test.phase)
		if !ok {
			t.Fatalf("no phase %s", test.phase)
		}
		got, _ := ph.For(test.thread).Evaluate(&d)
		if got.String() != test.want {
			t.Errorf("%s %s/%s %s: got %v, want %s", test.arch, test.phase, test.thread, test.call, got, test.want)
		}
	}
}
