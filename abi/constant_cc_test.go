package abi

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// kernelHeaders are the kernel's user headers that are compared.
const kernelHeaders = `sys/socket linux/types linux/socket asm/errno asm/signal linux/fcntl asm/mman linux/mman asm/socket asm/sockios
asm/ioctls asm/termbits linux/prctl linux/ptrace linux/sched linux/futex linux/if linux/tcp linux/in linux/in6 linux/netlink linux/fanotify
linux/inotify linux/eventpoll linux/timerfd linux/signalfd linux/eventfd linux/memfd linux/mount linux/fs linux/stat linux/seccomp
linux/keyctl linux/perf_event linux/bpf linux/reboot linux/random linux/kexec linux/capability linux/wait asm/resource linux/resource
linux/time linux/sockios linux/if_tun linux/loop linux/membarrier linux/mempolicy linux/xattr linux/landlock linux/openat2
linux/close_range linux/udp linux/ipc linux/sem linux/msg linux/shm linux/kcmp linux/quota linux/personality linux/rseq linux/userfaultfd
linux/ioprio linux/io_uring linux/net linux/vt linux/vm_sockets linux/falloc linux/fiemap linux/fscrypt linux/fsverity linux/module linux/if_packet
linux/if_alg linux/if_xdp linux/rtc linux/watchdog linux/nsfs linux/pidfd linux/adfs_fs linux/magic`

// headerTrees are where Debian's linux-libc-dev and linux-libc-dev-ARCH-cross
// put the headers of an architecture.
var headerTrees = map[string][]string{
	"x86_64":   {"/usr/include", "/usr/include/x86_64-linux-gnu"},
	"x32":      {"/usr/include", "/usr/include/x86_64-linux-gnu"},
	"i386":     {"/usr/i686-linux-gnu/include"},
	"aarch64":  {"/usr/aarch64-linux-gnu/include"},
	"arm":      {"/usr/arm-linux-gnueabihf/include"},
	"riscv64":  {"/usr/riscv64-linux-gnu/include"},
	"ppc":      {"/usr/powerpc-linux-gnu/include"},
	"ppc64":    {"/usr/powerpc64-linux-gnu/include"},
	"ppc64le":  {"/usr/powerpc64le-linux-gnu/include"},
	"s390x":    {"/usr/s390x-linux-gnu/include"},
	"mips":     {"/usr/mips-linux-gnu/include"},
	"mipsel":   {"/usr/mipsel-linux-gnu/include"},
	"mips64":   {"/usr/mips64-linux-gnuabi64/include"},
	"mips64el": {"/usr/mips64el-linux-gnuabi64/include"},
}

// differing are the constants that need not agree, and why.
var differing = map[string]string{
	"RWF_SUPPORTED": "a sum of other constants, greater in a later kernel's headers",
	"RLIM_INFINITY": "prlimit64's, not that of the 32-bit ABIs' older calls",
}

// differs names the architectures that are always compared: between them they
// have most of what differs anywhere.
var differs = map[string]bool{"x86_64": true, "i386": true, "aarch64": true, "mips": true}

// Every macro of the kernel's headers that is also in the tables has the value
// that a C compiler finds.
func TestConstantsAgreeWithHeaders(t *testing.T) {
	eachHeaderTree(t, func(t *testing.T, a *Arch, tree []string) {
		if a.Name == "x32" {
			t.Skip("has x86_64's constants")
		}
		if !differs[a.Name] && os.Getenv("NARROW_LONG") == "" {
			t.Skip("only with NARROW_LONG=1")
		}
		compiler := newCompiler(a, tree, kernelHeaders)
		known := func(name string) bool { _, ok := a.Constant(name); return ok }
		values := compiler.values(t, compiler.macros(t, known))
		if len(values) < 1500 {
			t.Errorf("only %d constants compared", len(values))
		}
		for name, want := range values {
			if got, _ := a.Constant(name); got != want && uint64(got) != uint64(uint32(want)) && differing[name] == "" {
				t.Errorf("%s = %#x, in the headers %#x", name, got, want)
			}
		}
	})
}

// eachHeaderTree runs a test for each architecture whose headers are here.
func eachHeaderTree(t *testing.T, test func(*testing.T, *Arch, []string)) {
	if _, err := exec.LookPath("gcc"); err != nil {
		missing(t, "gcc")
	}
	for _, a := range Arches() {
		tree, ok := headerTrees[a.Name]
		if !ok {
			continue
		}
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(tree[len(tree)-1] + "/asm/errno.h"); err != nil {
				t.Skipf("no kernel headers of %v (linux-libc-dev-*-cross)", a)
			}
			test(t, a, append([]string{libcHeaders(t)}, tree...))
		})
	}
}

// missing skips a test for want of a program, except where everything must be
// there.
func missing(t *testing.T, program string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing", program)
	}
	t.Skipf("%s is missing", program)
}

// compiler evaluates constants of another architecture with this machine's
// gcc: only the headers are foreign, and -m32 or -m64 gives long its size.
type compiler struct {
	args []string
	text string // includes the headers
}

// libcHeaders stand in for the C library's, which some kernel headers include.
func libcHeaders(t *testing.T) string {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/sys", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"sys/socket.h": "#pragma once\ntypedef long time_t; typedef unsigned short sa_family_t; struct sockaddr { sa_family_t sa_family; char sa_data[14]; };\n",
		"sys/time.h":   "", "unistd.h": "", "stddef.h": "", "string.h": "", "stdint.h": "", "limits.h": "",
	} {
		if err := os.WriteFile(dir+"/"+name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func newCompiler(a *Arch, tree []string, headers string) *compiler {
	c := &compiler{args: []string{"-nostdinc", "-U__x86_64__", "-U__i386__", "-w", "-x", "c", "-m64"}}
	if a.Word == 32 {
		c.args[len(c.args)-1] = "-m32"
	}
	for _, dir := range tree {
		c.args = append(c.args, "-isystem", dir)
	}
	define := map[string]string{
		"x86_64": "-D__x86_64__", "x32": "-D__x86_64__ -D__ILP32__", "i386": "-D__i386__",
		"aarch64": "-D__aarch64__", "arm": "-D__ARM_EABI__", "riscv64": "-D__riscv_xlen=64", "s390x": "-D__s390x__",
		"ppc64": "-D__powerpc64__", "ppc64le": "-D__powerpc64__",
		"mips": "-D_MIPS_SIM=1", "mipsel": "-D_MIPS_SIM=1", "mips64": "-D_MIPS_SIM=3 -D__mips64", "mips64el": "-D_MIPS_SIM=3 -D__mips64",
	}[a.Name]
	c.args = append(c.args, "-D_ABIO32=1", "-D_ABI64=3", "-D_ABIN32=2", "-D_MIPS_SZLONG="+strconv.Itoa(a.Word))
	if define != "" {
		c.args = append(c.args, strings.Fields(define)...)
	}
	if a.BigEndian {
		c.args = append(c.args, "-D__BIG_ENDIAN__", "-D__MIPSEB__", "-D__ARMEB__")
	} else {
		c.args = append(c.args, "-D__LITTLE_ENDIAN__", "-D__MIPSEL__")
	}
	for _, header := range strings.Fields(headers) {
		c.text += fmt.Sprintf("#if __has_include(<%s.h>)\n#include <%s.h>\n#endif\n", header, header)
	}
	return c
}

func (c *compiler) run(text string, args ...string) (out, diagnosis string, err error) {
	cmd := exec.Command("gcc", append(append(args, c.args...), "-o", "-", "-")...)
	cmd.Stdin = strings.NewReader(text)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	return string(stdout), stderr.String(), err
}

// macros returns the names that the headers define and the test wants.
func (c *compiler) macros(t *testing.T, wanted func(string) bool) []string {
	out, diagnosis, err := c.run(c.text, "-E", "-dM")
	if err != nil {
		t.Fatalf("%v\n%s", err, diagnosis)
	}
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#define (\w+) +[^"\s]`).FindAllStringSubmatch(out, -1) {
		if wanted(m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}

// values compiles an array of the constants and reads it from the assembly.
// What is no integer constant is left out, by the lines of gcc's errors.
func (c *compiler) values(t *testing.T, names []string) map[string]int64 {
	last := ""
	for range 4 {
		text := c.text
		first := strings.Count(text, "\n") + 1
		for i, name := range names {
			text += fmt.Sprintf("long long value_%d = (%s);\n", i, name)
		}
		out, diagnosis, err := c.run(text, "-S")
		if err == nil {
			return assembled(t, out, names)
		}
		last = diagnosis
		bad := map[int]bool{}
		for _, m := range regexp.MustCompile(`<stdin>:(\d+):\d+: error`).FindAllStringSubmatch(diagnosis, -1) {
			line, _ := strconv.Atoi(m[1])
			bad[line-first] = true
		}
		if len(bad) == 0 || len(bad) > 100 {
			t.Fatalf("%v\n%.2000s", err, diagnosis)
		}
		var rest []string
		for i, name := range names {
			if !bad[i] {
				rest = append(rest, name)
			}
		}
		names = rest
	}
	t.Fatal("cannot compile the constants: " + last)
	return nil
}

var (
	asmLabel = regexp.MustCompile(`^value_(\d+):`)
	asmWord  = regexp.MustCompile(`^\t\.(quad|long|zero)\t(-?\d+)`)
)

// assembled reads the initial values of value_0, value_1, ...: a quad, two
// longs, or zeros.
func assembled(t *testing.T, text string, names []string) map[string]int64 {
	values := map[string]int64{}
	name, words := "", 0
	for line := range strings.Lines(text) {
		if m := asmLabel.FindStringSubmatch(line); m != nil {
			i, _ := strconv.Atoi(m[1])
			name, words = names[i], 0
			continue
		}
		m := asmWord.FindStringSubmatch(line)
		if m == nil || name == "" {
			continue
		}
		v, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case m[1] == "zero":
			values[name] = 0
		case m[1] == "quad":
			values[name] = v
		case words == 0:
			values[name] = int64(uint32(v))
		default:
			values[name] |= v << 32
		}
		words++
	}
	return values
}
