package abi

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		arch, call, arg string
		value           uint64
		want            string
	}{
		{"x86_64", "socket", "family", 2, "AF_INET"},
		{"x86_64", "socket", "family", 1, "AF_UNIX"},
		{"x86_64", "socket", "family", 99, "99"},
		{"x86_64", "socket", "type", 0x801, "SOCK_STREAM|SOCK_NONBLOCK"},
		{"mips", "socket", "type", 0x82, "SOCK_STREAM|SOCK_NONBLOCK"},
		{"x86_64", "socket", "type", 0xf, "15"},
		{"x86_64", "socket", "type", 0x80000 | 9, "SOCK_CLOEXEC|0x9"},
		{"x86_64", "openat", "flags", 0x80000, "O_RDONLY|O_CLOEXEC"},
		{"x86_64", "openat", "flags", 0x241, "O_WRONLY|O_CREAT|O_TRUNC"},
		{"x86_64", "openat", "flags", 0, "O_RDONLY"},
		{"x86_64", "openat", "flags", 0xdead00000000, "O_RDONLY"},
		{"x86_64", "openat", "flags", 0x410000 | 2, "O_RDWR|O_TMPFILE"},
		{"x86_64", "openat", "flags", 0x101000 | 1, "O_WRONLY|O_SYNC"},
		{"x86_64", "openat", "flags", 3, "3"},
		{"x86_64", "openat", "dfd", 0xffffff9c, "AT_FDCWD"},
		{"x86_64", "openat", "dfd", 0xffffffffffffff9c, "AT_FDCWD"},
		{"x86_64", "openat", "dfd", 5, "5"},
		{"x86_64", "openat", "mode", 0o644, "0644"},
		{"x86_64", "openat", "mode", 0, "0"},
		{"x86_64", "openat", "filename", 0, "NULL"},
		{"x86_64", "openat", "filename", 0x7ffc1000, "0x7ffc1000"},
		{"x86_64", "mmap", "prot", 3, "PROT_READ|PROT_WRITE"},
		{"x86_64", "mmap", "prot", 0, "PROT_NONE"},
		{"x86_64", "mmap", "flags", 0x22, "MAP_PRIVATE|MAP_ANONYMOUS"},
		{"mips64el", "mmap", "flags", 0x802, "MAP_PRIVATE|MAP_ANONYMOUS"},
		{"x86_64", "mmap", "fd", 0xffffffff, "-1"},
		{"x86_64", "mmap", "len", 4096, "4096"},
		{"x86_64", "mmap", "addr", 0x7f0000000000, "0x7f0000000000"},
		{"x86_64", "kill", "sig", 15, "SIGTERM"},
		{"mips", "kill", "sig", 18, "SIGCHLD"},
		{"x86_64", "kill", "sig", 0, "0"},
		{"x86_64", "kill", "pid", 0xffffffff, "-1"},
		{"x86_64", "clone", "clone_flags", 0x1200011, "SIGCHLD|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID"},
		{"x86_64", "futex", "op", 128, "FUTEX_WAIT|FUTEX_PRIVATE_FLAG"},
		{"x86_64", "futex", "op", 0x189, "FUTEX_WAIT_BITSET|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME"},
		{"x86_64", "ioctl", "cmd", 0x5413, "TIOCGWINSZ"},
		{"ppc64le", "ioctl", "cmd", 0x40087468, "TIOCGWINSZ"},
		{"x86_64", "ioctl", "cmd", 0x5421, "FIONBIO"},
		{"x86_64", "prctl", "option", 38, "PR_SET_NO_NEW_PRIVS"},
		{"x86_64", "prctl", "option", 0x53564d41, "PR_SET_VMA"},
		{"x86_64", "fcntl", "cmd", 1030, "F_DUPFD_CLOEXEC"},
		{"x86_64", "madvise", "behavior", 4, "MADV_DONTNEED"},
		{"x86_64", "rt_sigprocmask", "how", 2, "SIG_SETMASK"},
		{"x86_64", "access", "mode", 0, "F_OK"},
		{"x86_64", "access", "mode", 6, "R_OK|W_OK"},
		{"x86_64", "mknod", "mode", 0o010600, "S_IFIFO|0600"},
		{"x86_64", "shmget", "shmflg", 0o1600, "IPC_CREAT|0600"},
		{"x86_64", "ptrace", "request", 0x4206, "PTRACE_SEIZE"},
		{"x86_64", "wait4", "options", 0x40000001, "WNOHANG|__WALL"},
		{"x86_64", "reboot", "magic1", 0xfee1dead, "LINUX_REBOOT_MAGIC1"},
		{"x86_64", "mount", "flags", 0x1001, "MS_RDONLY|MS_BIND"},
		{"x86_64", "bpf", "cmd", 5, "BPF_PROG_LOAD"},
		{"x86_64", "lseek", "offset", ^uint64(0), "-1"},
		{"i386", "pread64", "pos", 1 << 40, "0x10000000000"},
		{"x86_64", "read", "count", 1048575, "1048575"},
		{"x86_64", "read", "count", 1048576, "0x100000"},
	} {
		a, _ := ByName(tt.arch)
		c, _ := a.Call(tt.call)
		g, ok := c.Arg(tt.arg)
		if !ok {
			t.Errorf("%s has no argument %s", tt.call, tt.arg)
			continue
		}
		if got := a.Format(c, g, tt.value); got != tt.want {
			t.Errorf("%s %s(%s = %#x) = %s, want %s", tt.arch, tt.call, tt.arg, tt.value, got, tt.want)
		}
	}
}

// Some arguments are spelled by what another one says.
func TestFormatArgs(t *testing.T) {
	for _, tt := range []struct {
		arch, call string
		regs       [6]uint64
		want       string
	}{
		{"x86_64", "setsockopt", [6]uint64{3, 1, 2, 0x1000, 4}, "3, SOL_SOCKET, SO_REUSEADDR, 0x1000, 4"},
		{"mips", "setsockopt", [6]uint64{3, 0xffff, 4, 0x1000, 4}, "3, SOL_SOCKET, SO_REUSEADDR, 0x1000, 4"},
		{"x86_64", "setsockopt", [6]uint64{3, 6, 1, 0x1000, 4}, "3, SOL_TCP, TCP_NODELAY, 0x1000, 4"},
		{"x86_64", "socket", [6]uint64{2, 1, 262}, "AF_INET, SOCK_STREAM, IPPROTO_MPTCP"},
		{"x86_64", "socket", [6]uint64{1, 1, 0}, "AF_UNIX, SOCK_STREAM, 0"},
		{"x86_64", "socket", [6]uint64{16, 3, 9}, "AF_NETLINK, SOCK_RAW, NETLINK_AUDIT"},
		{"x86_64", "fcntl", [6]uint64{3, 4, 0x800}, "3, F_SETFL, O_RDONLY|O_NONBLOCK"},
		{"x86_64", "fcntl", [6]uint64{3, 2, 1}, "3, F_SETFD, FD_CLOEXEC"},
		{"x86_64", "prctl", [6]uint64{47, 4, 0, 0, 0}, "PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, CAP_CHOWN, 0, 0"},
		{"i386", "pread64", [6]uint64{3, 0x1000, 10, 5, 1}, "3, 0x1000, 10, 0x100000005"},
		{"ppc", "pread64", [6]uint64{3, 0x1000, 10, 0, 1, 5}, "3, 0x1000, 10, 0x100000005"},
		{"x86_64", "getpid", [6]uint64{1, 2, 3}, ""},
	} {
		a, _ := ByName(tt.arch)
		c, _ := a.Call(tt.call)
		if got := strings.Join(a.FormatArgs(c, &tt.regs), ", "); got != tt.want {
			t.Errorf("%s %s%v\n got %s\nwant %s", tt.arch, tt.call, tt.regs, got, tt.want)
		}
	}
}

// read is the inverse of Format: names by Constant, numbers as C writes them.
func read(t interface{ Fatalf(string, ...any) }, a *Arch, text string) uint64 {
	var value uint64
	for _, token := range strings.Split(text, "|") {
		if token == "NULL" {
			continue
		}
		if v, ok := a.Constant(token); ok {
			value |= uint64(v)
			continue
		}
		signed, err := strconv.ParseInt(token, 0, 64)
		if err != nil {
			unsigned, err := strconv.ParseUint(token, 0, 64)
			if err != nil {
				t.Fatalf("%q of %q is neither constant nor number", token, text)
			}
			signed = int64(unsigned)
		}
		value |= uint64(signed)
	}
	return value
}

// Whatever Format prints reads back as the same value.
func TestFormatReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(Arches()).Draw(t, "arch")
		calls := a.Calls()
		c := &calls[rapid.IntRange(0, len(calls)-1).Draw(t, "call")]
		if len(c.Args) == 0 {
			return
		}
		g := &c.Args[rapid.IntRange(0, len(c.Args)-1).Draw(t, "arg")]
		regs := [6]uint64{}
		for i := range regs {
			regs[i] = rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 300), rapid.Map(rapid.IntRange(0, 63), func(n int) uint64 { return 1<<n | 1<<(n/2) })).Draw(t, "register")
			if a.Register == 32 {
				regs[i] &= 0xffffffff
			}
		}
		value := g.Value(&regs)
		if text := a.Format(c, g, value); read(t, a, text)&g.valid() != value {
			t.Fatalf("%v %s(%s = %#x) = %s", a, c.Name, g.Name, value, text)
		}
		for i, text := range a.FormatArgs(c, &regs) {
			if arg := &c.Args[i]; read(t, a, text)&arg.valid() != arg.Value(&regs) {
				t.Fatalf("%v %s(%s = %#x) = %s", a, c.Name, arg.Name, arg.Value(&regs), text)
			}
		}
	})
}

// Every name of every group reads back, alone and with all the others.
func TestFormatNames(t *testing.T) {
	n := 0
	for _, a := range Arches() {
		for i := range a.Calls() {
			c := &a.Calls()[i]
			for j := range c.Args {
				g := &c.Args[j]
				if g.group == 0 {
					continue
				}
				for _, name := range groups[g.group-1].members() {
					if v, ok := a.Constant(name); ok && uint64(v)&^g.valid() == 0 {
						n++
						if text := a.Format(c, g, uint64(v)); read(t, a, text)&g.valid() != uint64(v) || text == g.number(uint64(v)) {
							t.Errorf("%v %s(%s = %s) = %s", a, c.Name, g.Name, name, text)
						}
					}
				}
			}
		}
	}
	if n < 20000 {
		t.Errorf("only %d values", n)
	}
}

func (g *group) members() (names []string) {
	indices := g.flags
	for _, f := range g.fields {
		indices = append(indices, f.names...)
	}
	for _, i := range indices {
		names = append(names, constants[i].name)
	}
	return names
}

func BenchmarkFormat(b *testing.B) {
	a := Arches()[0]
	c, _ := a.Call("openat")
	for b.Loop() {
		a.Format(c, &c.Args[2], 0x241)
	}
}
