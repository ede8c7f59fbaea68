package abi

import (
	"fmt"
	"strings"
	"testing"
)

// describe prints arguments as "name:register/bits", with a plus for a high
// register, s for signed and * for a pointer.
func describe(args []Arg) string {
	var list []string
	for _, g := range args {
		s := fmt.Sprintf("%s:%d", g.Name, g.Reg)
		if g.High >= 0 {
			s += fmt.Sprintf("+%d", g.High)
		}
		s += fmt.Sprintf("/%d", g.Bits)
		if g.Signed {
			s += "s"
		}
		if g.Pointer {
			s += "*"
		}
		list = append(list, s)
	}
	return strings.Join(list, " ")
}

// The layouts that differ between architectures, as the kernel's entry code and
// syscall(2) have them.
func TestArgs(t *testing.T) {
	for _, tt := range []struct{ arch, call, want string }{
		{"x86_64", "openat", "dfd:0/32s filename:1/64* flags:2/32s mode:3/16"},
		{"x86_64", "read", "fd:0/32 buf:1/64* count:2/64"},
		{"x86_64", "lseek", "fd:0/32 offset:1/64s whence:2/32"},
		{"i386", "lseek", "fd:0/32 offset:1/32s whence:2/32"},
		{"x86_64", "clone", "clone_flags:0/32 newsp:1/64 parent_tidptr:2/64* child_tidptr:3/64* tls:4/64"},
		{"loongarch64", "clone", "clone_flags:0/32 newsp:1/64 parent_tidptr:2/64* child_tidptr:3/64* tls:4/64"},
		{"x32", "clone", "clone_flags:0/32 newsp:1/64 parent_tidptr:2/64* child_tidptr:3/64* tls:4/64"},
		{"i386", "clone", "clone_flags:0/32 newsp:1/32 parent_tidptr:2/32* tls:3/32 child_tidptr:4/32*"},
		{"riscv64", "clone", "clone_flags:0/32 newsp:1/64 parent_tidptr:2/64* tls:3/64 child_tidptr:4/64*"},
		{"mips64el", "clone", "clone_flags:0/32 newsp:1/64 parent_tidptr:2/64* tls:3/64 child_tidptr:4/64*"},
		{"s390x", "clone", "newsp:0/64 clone_flags:1/32 parent_tidptr:2/64* child_tidptr:3/64* tls:4/64"},
		{"i386", "pread64", "fd:0/32 buf:1/32* count:2/32 pos:3+4/64s"},
		{"arm", "pread64", "fd:0/32 buf:1/32* count:2/32 pos:4+5/64s"},
		{"ppc", "pread64", "fd:0/32 buf:1/32* count:2/32 pos:5+4/64s"},
		{"mips", "pread64", "fd:0/32 buf:1/32* count:2/32 pos:5+4/64s"},
		{"mipsel", "pread64", "fd:0/32 buf:1/32* count:2/32 pos:4+5/64s"},
		{"x32", "pread64", "fd:0/32 buf:1/64* count:2/64 pos:3/64s"},
		{"i386", "truncate64", "path:0/32* length:1+2/64s"},
		{"arm", "truncate64", "path:0/32* length:2+3/64s"},
		{"arm", "arm_fadvise64_64", "fd:0/32s advice:1/32s offset:2+3/64s len:4+5/64s"},
		{"ppc", "fadvise64_64", "fd:0/32s advice:1/32s offset:3+2/64s len:5+4/64s"},
		{"ppc", "fadvise64", "fd:0/32s offset:3+2/64s len:4/32 advice:5/32s"},
		{"i386", "fadvise64_64", "fd:0/32s offset:1+2/64s len:3+4/64s advice:5/32s"},
		{"i386", "fadvise64", "fd:0/32s offset:1+2/64s len:3/32 advice:4/32s"},
		{"mips", "sync_file_range", "fd:0/32s offset:3+2/64s nbytes:5+4/64s"}, // flags are the seventh word, which no filter sees
		{"arm", "arm_sync_file_range", "fd:0/32s flags:1/32 offset:2+3/64s nbytes:4+5/64s"},
		{"ppc64le", "sync_file_range2", "fd:0/32s flags:1/32 offset:2/64s nbytes:3/64s"},
		{"i386", "fallocate", "fd:0/32s mode:1/32s offset:2+3/64s len:4+5/64s"},
		{"arm", "readahead", "fd:0/32s offset:2+3/64s count:4/32"},
		{"i386", "fanotify_mark", "fanotify_fd:0/32s flags:1/32 mask:2+3/64 dfd:4/32s pathname:5/32*"},
		{"i386", "_llseek", "fd:0/32 offset_high:1/32 offset_low:2/32 result:3/32* whence:4/32"},
		{"i386", "mmap", "arg:0/32*"},
		{"s390x", "mmap", "arg:0/64*"},
		{"i386", "mmap2", "addr:0/32 len:1/32 prot:2/32 flags:3/32 fd:4/32s pgoff:5/32"},
		{"x86_64", "mmap", "addr:0/64 len:1/64 prot:2/32 flags:3/32 fd:4/32s off:5/64"},
		{"i386", "select", "arg:0/32*"},
		{"i386", "_newselect", "n:0/32s inp:1/32* outp:2/32* exp:3/32* tvp:4/32*"},
		{"i386", "socketcall", "call:0/32s args:1/32*"},
		{"i386", "ipc", "call:0/16 first:1/32s second:2/32 third:3/32 ptr:4/32* fifth:5/32s"},
		{"s390x", "ipc", "call:0/16 first:1/32s second:2/64 third:3/32 ptr:4/64*"},
		{"i386", "setuid", "uid:0/16"},
		{"i386", "setuid32", "uid:0/32"},
		{"ppc", "setuid", "uid:0/32"},
		{"x32", "ioctl", "fd:0/32 cmd:1/32 arg:2/32"},
		{"x86_64", "ioctl", "fd:0/32 cmd:1/32 arg:2/64"},
		{"x32", "preadv2", "fd:0/32 vec:1/64* vlen:2/32 pos_l:3/64s flags:4/32s"},
		{"x86_64", "afs_syscall", ""},
		{"x86_64", "getpid", ""},
	} {
		a, _ := ByName(tt.arch)
		c, ok := a.Call(tt.call)
		if !ok {
			t.Errorf("%s has no %s", tt.arch, tt.call)
		} else if got := describe(c.Args); got != tt.want {
			t.Errorf("%s %s\n got %s\nwant %s", tt.arch, tt.call, got, tt.want)
		}
	}
}

// No argument lies in a register that another has, or outside of the six.
func TestArgRegisters(t *testing.T) {
	n := 0
	for _, a := range Arches() {
		for _, c := range a.Calls() {
			used := map[int8]string{-1: "none"}
			for _, g := range c.Args {
				n++
				if g.Reg < 0 || g.Reg > 5 || g.High > 5 || used[g.Reg] != "" || g.High >= 0 && used[g.High] != "" {
					t.Errorf("%v %s: registers of %+v", a, c.Name, g)
				}
				used[g.Reg], used[g.High] = g.Name, g.Name
				if wide := g.High >= 0; wide && (a.Register != 32 || g.Bits != 64) || !wide && int(g.Bits) > a.Register {
					t.Errorf("%v %s: width of %+v", a, c.Name, g)
				}
				if got, ok := c.Arg(g.Name); !ok || *got != g {
					t.Errorf("%v %s: Arg(%q) = %+v", a, c.Name, g.Name, got)
				}
			}
		}
	}
	if n < 10000 {
		t.Errorf("only %d arguments", n)
	}
}
