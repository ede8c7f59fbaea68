package policy

import (
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// written dumps the rules of a list that stand in the text, each on a line.
func written(r *Rules, a *abi.Arch) []string {
	var out []string
	for _, m := range r.On(a).Lists[0] {
		if m.Origin == FromThread || m.Origin == FromPhase || m.Origin == FromTop {
			out = append(out, dumpMatch(m))
		}
	}
	return out
}

// TestCalls resolves one rule on one architecture. What a condition is to
// become was worked out by hand from the kernel's types.
func TestCalls(t *testing.T) {
	for _, test := range []struct{ arch, rule, want string }{
		{"x86_64", "allow read", "allow 0"},
		{"x32", "allow read", "allow 0x40000000"},
		{"aarch64", "allow read", "allow 0x3f"},
		{"x86_64", "errno ENOSYS read", "errno ENOSYS 0"},
		{"x86_64", "errno 7 read", "errno E2BIG 0"},
		{"x86_64", "trap 7 read", "trap 7 0"},
		{"x86_64", "trace read", "trace 0"},
		{"x86_64", "allow syscall_1007 syscall_0x3ef", "allow 0x3ef; allow 0x3ef"},
		{"x86_64", "allow syscall_1(fd == 1)", "allow 1 fd=r0:32{1}"},
		{"x86_64", "allow syscall_1007(arg5 == 1)", "allow 0x3ef arg5=r5:64{1}"},
		{"x86_64", "allow *", "allow 0-0x3fffffff,0x80000000-0xbfffffff"},
		{"x32", "allow *", "allow 0x40000000-0x7fffffff,0xc0000000-0xffffffff"},
		{"i386", "allow *", "allow 0-0xffffffff"},

		// unsigned int
		{"x86_64", "allow write(fd == 1)", "allow 1 fd=r0:32{1}"},
		{"x86_64", "allow write(fd != 1)", "allow 1 fd=r0:32{0,2-0xffffffff}"},
		{"x86_64", "allow write(fd < 3)", "allow 1 fd=r0:32{0-0x2}"},
		{"x86_64", "allow write(fd <= 3)", "allow 1 fd=r0:32{0-0x3}"},
		{"x86_64", "allow write(fd > 3)", "allow 1 fd=r0:32{4-0xffffffff}"},
		{"x86_64", "allow write(fd >= 3)", "allow 1 fd=r0:32{3-0xffffffff}"},
		{"x86_64", "allow write(fd >= 0)", "allow 1"},
		{"x86_64", "allow write(fd <= 0xffffffff)", "allow 1"},
		{"x86_64", "allow write(fd < 0)", ""},
		{"x86_64", "allow write(fd in {3, 1, 2, 7..9, 10})", "allow 1 fd=r0:32{1-0x3,7-0xa}"},
		{"x86_64", "allow write(fd not in {1, 2})", "allow 1 fd=r0:32{0,3-0xffffffff}"},
		{"x86_64", "allow write(fd != 0, count > 1)", "allow 1 fd=r0:32{1-0xffffffff} count=r2:64{2-0xffffffffffffffff}"},

		// int: signed ranges become one or two of bits
		{"x86_64", "allow accept(fd < 0)", "allow 0x2b fd=r0:32{0x80000000-0xffffffff}"},
		{"x86_64", "allow accept(fd < 5)", "allow 0x2b fd=r0:32{0-0x4,0x80000000-0xffffffff}"},
		{"x86_64", "allow accept(fd >= -1)", "allow 0x2b fd=r0:32{0-0x7fffffff,0xffffffff}"},
		{"x86_64", "allow accept(fd > 2)", "allow 0x2b fd=r0:32{3-0x7fffffff}"},
		{"x86_64", "allow accept(fd in {-3..2})", "allow 0x2b fd=r0:32{0-0x2,0xfffffffd-0xffffffff}"},
		{"x86_64", "allow accept(fd not in {-3..2})", "allow 0x2b fd=r0:32{3-0xfffffffc}"},
		{"x86_64", "allow openat(dfd == AT_FDCWD)", "allow 0x101 dfd=r0:32{0xffffff9c}"},
		{"x86_64", "allow openat(dfd == -100)", "allow 0x101 dfd=r0:32{0xffffff9c}"},
		{"x86_64", "allow accept(fd == 0xffffffff) umask(mask in {037777777777})", "allow 0x2b fd=r0:32{0xffffffff}; allow 0x5f mask=r0:32{0xffffffff}"},
		{"x86_64", "allow lseek(offset < 0)", "allow 8 offset=r1:64{0x8000000000000000-0xffffffffffffffff}"},
		{"x86_64", "allow lseek(offset >= -1)", "allow 8 offset=r1:64{0-0x7fffffffffffffff,0xffffffffffffffff}"},

		// constants are converted as C does
		{"x86_64", "allow ioctl(cmd == TIOCGWINSZ)", "allow 0x10 cmd=r1:32{0x5413}"},
		{"mips", "allow socket(type == SOCK_STREAM)", "allow 0x1057 type=r1:32{2}"},

		// widths: declared unsigned long, read as 32 bits
		{"x86_64", "allow mmap(fd == -1)", "allow 9 fd=r4:32{0xffffffff}"},
		{"x86_64", "allow clone(flags == CLONE_VM)", "allow 0x38 flags=r0:32{0x100}"},
		{"s390x", "allow clone(clone_flags == CLONE_VM)", "allow 0x78 clone_flags=r1:32{0x100}"},

		// widths that another argument decides
		{"x86_64", "allow prctl(option == PR_SET_NAME, arg2 > 1)", "allow 0x9d option=r0:32{0xf} arg2=r1:64{2-0xffffffffffffffff}"},
		{"x86_64", "allow prctl(option == PR_SET_MM, arg2 > 1)", "allow 0x9d option=r0:32{0x23} arg2=r1:32{2-0xffffffff}"},
		{"x86_64", "allow prctl(arg2 > 1, option in {PR_SET_MM, PR_SET_PTRACER})", "allow 0x9d arg2=r1:32{2-0xffffffff} option=r0:32{0x23,0x59616d61}"},
		{"x86_64", "allow prctl(option <= 100, arg2 > 1)", "allow 0x9d option=r0:32{0-0x64,0x80000000-0xffffffff} arg2=r1:64{2-0xffffffffffffffff}"},

		// long and size_t on the ABI's word
		{"i386", "allow write(count > 1)", "allow 4 count=r2:32{2-0xffffffff}"},
		{"x32", "allow write(count > 1)", "allow 0x40000001 count=r2:64{2-0xffffffffffffffff}"},

		// two registers
		{"i386", "allow pread64(pos == 0x100000002)", "allow 0xb4 pos=r3+r4:64{0x100000002}"},
		{"ppc", "allow pread64(pos == 0x100000002)", "allow 0xb3 pos=r5+r4:64{0x100000002}"},
		{"arm", "allow pread64(pos < 0)", "allow 0xb4 pos=r4+r5:64{0x8000000000000000-0xffffffffffffffff}"},

		// flags and masks
		{"x86_64", "allow openat(flags has O_CREAT|O_EXCL)", "allow 0x101 flags=r2:32&0xc0{0xc0}"},
		{"x86_64", "allow openat(flags lacks O_CREAT|O_EXCL)", "allow 0x101 flags=r2:32&0xc0{0}"},
		{"x86_64", "allow openat(flags only O_CREAT)", "allow 0x101 flags=r2:32&0xffffffbf{0}"},
		{"x86_64", "allow openat(flags only O_CREAT, flags has O_CREAT)", "allow 0x101 flags=r2:32&0xffffffbf{0} flags=r2:32&0x40{0x40}"},
		{"x86_64", "allow openat(flags lacks 0)", "allow 0x101"},
		{"x86_64", "allow openat(flags only 0xffffffff)", "allow 0x101"},
		{"x86_64", "allow openat(flags & O_ACCMODE == O_RDONLY)", "allow 0x101 flags=r2:32&0x3{0}"},
		{"x86_64", "allow openat(flags & O_ACCMODE != O_RDONLY)", "allow 0x101 flags=r2:32&0x3{1-0x3}"},
		{"x86_64", "allow openat(flags & 0xff has 0x41)", "allow 0x101 flags=r2:32&0x41{0x41}"},
		{"x86_64", "allow openat(flags & 0xff only 0x41)", "allow 0x101 flags=r2:32&0xbe{0}"},
		{"x86_64", "allow openat(flags & 0xff > 3)", "allow 0x101 flags=r2:32&0xff{4-0xff}"},
		{"x86_64", "allow openat(flags & 0xf0 > 0x10)", "allow 0x101 flags=r2:32&0xf0{0x20-0xf0}"},
		{"x86_64", "allow openat(flags & 0xf0 < 0x10)", "allow 0x101 flags=r2:32&0xf0{0}"},
		{"x86_64", "allow openat(flags & 0 == 0)", "allow 0x101"},
		{"x86_64", "allow accept(fd & 0xfffffff0 < 0)", "allow 0x2b fd=r0:32&0xfffffff0{0x80000000-0xfffffff0}"}, // signed, as the sign is kept
		{"x86_64", "allow accept(fd & 0x7fffffff < 5)", "allow 0x2b fd=r0:32&0x7fffffff{0-0x4}"},
		{"x86_64", "allow sendto(flags has MSG_NOSIGNAL)", "allow 0x2c flags=r3:32&0x4000{0x4000}"},

		// pointers
		{"x86_64", "allow accept(upeer_sockaddr == NULL)", "allow 0x2b upeer_sockaddr=r1:64{0}"},
		{"x86_64", "allow accept(upeer_sockaddr != NULL)", "allow 0x2b upeer_sockaddr=r1:64{1-0xffffffffffffffff}"},
		{"i386", "allow rt_sigaction(act in {NULL})", "allow 0xae act=r1:32{0}"},
		{"x86_64", "allow mmap(addr == NULL)", "allow 9 addr=r0:64{0}"},

		// raw registers: 64 bits, 32 on 32-bit architectures, x32's are 64
		{"x86_64", "allow write(arg0 == 1)", "allow 1 arg0=r0:64{1}"},
		{"i386", "allow write(arg0 == 1)", "allow 4 arg0=r0:32{1}"},
		{"x32", "allow write(arg0 == 1)", "allow 0x40000001 arg0=r0:64{1}"},

		// sets: what is plain first, as one
		{"x86_64", "set @a { write(fd == 1) read close @b } set @b { open write(fd == 2) } allow @a", "allow 0,2-0x3; allow 1 fd=r0:32{1}; allow 1 fd=r0:32{2}"},
		{"aarch64", "allow @open", "allow 0x38,0x1b5"},
		{"x86_64", "set @a { @b @b } set @b { write(fd == 1) } allow @a", "allow 1 fd=r0:32{1}"},
	} {
		t.Run(test.arch+" "+test.rule, func(t *testing.T) {
			a, _ := abi.ByName(test.arch)
			p, err := Load("t", []byte("arch "+test.arch+" default kill-process "+test.rule), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(written(p.Phases[0].Own, a), "; "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
