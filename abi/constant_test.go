package abi

import (
	"slices"
	"testing"
)

func TestConstant(t *testing.T) {
	for _, tt := range []struct {
		arch, name string
		want       int64
	}{
		{"x86_64", "AF_INET", 2},
		{"x86_64", "O_RDONLY", 0},
		{"x86_64", "O_CLOEXEC", 0x80000},
		{"x86_64", "O_LARGEFILE", 0x8000},
		{"aarch64", "O_LARGEFILE", 0x20000},
		{"aarch64", "O_DIRECTORY", 0x4000},
		{"x86_64", "O_DIRECTORY", 0x10000},
		{"mips", "SOCK_STREAM", 2},
		{"x86_64", "SOCK_STREAM", 1},
		{"mips64el", "SOCK_NONBLOCK", 0x80},
		{"mips", "MAP_ANONYMOUS", 0x800},
		{"mips", "SIGCHLD", 18},
		{"s390x", "SIGCHLD", 17},
		{"mips", "ENOSYS", 89},
		{"ppc64le", "ENOSYS", 38},
		{"i386", "F_GETLK", 5},
		{"i386", "F_GETLK64", 12},
		{"mips", "F_GETLK", 14},
		{"ppc64le", "TIOCGWINSZ", 0x40087468},
		{"x86_64", "TIOCGWINSZ", 0x5413},
		{"x86_64", "AT_FDCWD", -100},
		{"x86_64", "CLONE_NEWUSER", 0x10000000},
		{"x86_64", "FUTEX_WAIT", 0},
		{"x86_64", "FUTEX_PRIVATE_FLAG", 128},
		{"x86_64", "ARCH_SET_FS", 0x1002},
		{"x86_64", "PR_SET_NO_NEW_PRIVS", 38},
		{"x86_64", "PR_SET_MDWE", 65},
		{"x86_64", "SOCK_TYPE_MASK", 15},
		{"x86_64", "IPPROTO_MPTCP", 262},
		{"x86_64", "SECCOMP_SET_MODE_FILTER", 1},
		{"x86_64", "IORING_REGISTER_BUFFERS", 0},
		{"x86_64", "BPF_PROG_LOAD", 5},
		{"x86_64", "EWOULDBLOCK", 11},
		{"x86_64", "SIGSYS", 31},
		{"x86_64", "MEMBARRIER_CMD_PRIVATE_EXPEDITED", 8},
		{"loongarch64", "SIGSYS", 31},
	} {
		a, _ := ByName(tt.arch)
		if got, ok := a.Constant(tt.name); !ok || got != tt.want {
			t.Errorf("%s %s = %#x, %t; want %#x", tt.arch, tt.name, got, ok, tt.want)
		}
	}
}

// What one architecture has another may lack.
func TestConstantAbsent(t *testing.T) {
	arm64, _ := ByName("aarch64")
	if v, ok := arm64.Constant("ARCH_SET_FS"); ok {
		t.Errorf("aarch64 has ARCH_SET_FS = %#x", v)
	}
	if !KnownConstant("ARCH_SET_FS") || KnownConstant("O_NOTHING") || KnownConstant("") {
		t.Error("KnownConstant")
	}
}

func TestConstantNames(t *testing.T) {
	for _, a := range Arches() {
		names := a.ConstantNames()
		if len(names) < 3000 || !slices.IsSorted(names) {
			t.Errorf("%v: %d names, sorted %t", a, len(names), slices.IsSorted(names))
		}
		for _, name := range names {
			if _, ok := a.Constant(name); !ok {
				t.Errorf("%v lacks %s", a, name)
			}
		}
	}
}

func BenchmarkConstant(b *testing.B) {
	a := Arches()[0]
	for b.Loop() {
		a.Constant("SIGTERM")
	}
}
