package trace

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

func arch(t testing.TB, name string) *abi.Arch {
	t.Helper()
	a, ok := abi.ByName(name)
	if !ok {
		t.Fatal(name)
	}
	return a
}

// read is the plain form of what text says on x86_64.
func read(t testing.TB, text string) string {
	t.Helper()
	x86 := arch(t, "x86_64")
	tr := New(x86)
	if err := tr.Read("trace", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := tr.WritePlain(&out, x86); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "\n# a comment\n   \n", ""},
		{"plain", "12 write(fd == 1)\n3 futex\n5 write(fd == 1)\n", "17 write(fd == 1, count == 0)\n3 futex(op == FUTEX_WAIT, val == 0, val3 == 0)\n"},
		{"the least call that fits", "1 socket(family in {AF_UNIX, AF_INET})", "1 socket(family == AF_UNIX, type == 0, protocol == 0)\n"},
		{"strace", `openat(AT_FDCWD, "/etc/x = y, (z", O_RDONLY|O_CLOEXEC) = 3`, "1 openat(dfd == AT_FDCWD, filename != NULL, flags == O_RDONLY|O_CLOEXEC, mode == 0)\n"},
		{"strace -f -tt -y -T", `1234  04:24:33.142936 read(3</etc/x>, "\"\\", 4096)  = 1 <0.000412>`, "1 read(fd == 3, buf != NULL, count == 4096)\n"},
		{"strace -f to a terminal", `[pid  1234] dup2(3, 1) = 1`, "1 dup2(oldfd == 3, newfd == 1)\n"},
		{"strace -r -i", `     0.000073 [00007f602f6b1000] close(3) = 0`, "1 close(fd == 3)\n"},
		{"cut short", "1 read(3,  <unfinished ...>\n2 close(4) = 0\n1 <... read resumed>\"x\", 1) = 1\n", "1 read(fd == 3, count == 0)\n1 close(fd == 4)\n"},
		{"no return", `exit_group(0)   = ?`, "1 exit_group(error_code == 0)\n"},
		{"failed", `access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory)`, "1 access(filename != NULL, mode == R_OK)\n"},
		{"by name", `clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 12`, "1 clone(clone_flags == SIGCHLD|CLONE_CHILD_CLEARTID, newsp == 0, child_tidptr != NULL, tls == 0)\n"},
		{"negative", `mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f602f6b1000`, "1 mmap(addr == 0, len == 8192, prot == PROT_READ, flags == MAP_PRIVATE|MAP_ANONYMOUS, fd == -1, off == 0)\n"},
		{"a structure", `fstat(3, {st_mode=S_IFREG|0644, st_size=1, ...}) = 0`, "1 fstat(fd == 3, statbuf != NULL)\n"},
		{"a name that no table has", `frobnicate(3) = 0`, ""},
		{"noise", "strace: Process 7 attached\nProcess 7 attached\n--- SIGCHLD {si_signo=SIGCHLD} ---\n12 +++ exited with 0 +++\n > /lib/libc.so(x+0x1) [0x2]\n", ""},
		{"words of strace in a string", `write(1, "x resumed> +++ --- SIG", 5) = 5`, "1 write(fd == 1, buf != NULL, count == 5)\n"},
		{"strace -c", "% time     seconds  usecs/call     calls    errors syscall\n------ ----------- ----------- --------- --------- ----------------\n 42.36    0.000061           1        34        13 openat\n 15.97    0.000023           0        30           close\n------ ----------- ----------- --------- --------- ----------------\n100.00    0.000144           0       102        15 total\n",
			"34 openat(dfd == 0, flags == O_RDONLY, mode == 0)\n30 close(fd == 0)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := read(t, c.text); got != c.want {
				t.Errorf("%s\ngot  %swant %s", c.text, got, c.want)
			}
		})
	}
}

func TestWrongLines(t *testing.T) {
	for text, want := range map[string]string{
		"hello":                       "trace:1:1: not a counted call",
		"\n12":                        "trace:2:1: not a counted call",
		"x read":                      "trace:1:1: not a counted call",
		"-1 read":                     "trace:1:1: not a counted call",
		"99999999999999999999 read":   "trace:1:1: not a counted call",
		"1 reed":                      `unknown call`,
		"1 read(fd == )":              "trace:1:1: ",
		"1 read(nofd == 1)":           "trace:1:1: ",
		strings.Repeat("x\n", 10_000): "trace:20:1: ",
		"1 read(fd == 7) close":       "a second call",
		"read(fd == 7)":               "not a counted call",
	} {
		err := New(arch(t, "x86_64")).Read("trace", strings.NewReader(text))
		var list policy.ErrorList
		if !errors.As(err, &list) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v; want %s", text, err, want)
		}
	}
}

// TestEveryArch counts a call wherever there is one of its name.
func TestEveryArch(t *testing.T) {
	tr := New(arch(t, "x86_64"), arch(t, "aarch64"))
	if err := tr.Read("trace", strings.NewReader("3 read\n2 epoll_wait\nopen(\"x\", O_RDONLY) = 3\n")); err != nil {
		t.Fatal(err)
	}
	if got := len(tr.Calls()); got != 4 {
		t.Errorf("%d calls: %v", got, tr.Calls())
	}
}

// TestBounded reads more different calls than are told apart, and longer lines.
func TestBounded(t *testing.T) {
	tr := New(arch(t, "x86_64"))
	var text strings.Builder
	for i := range maxCalls + 1000 {
		fmt.Fprintf(&text, "lseek(3, %d, 0) = 0\n", i)
	}
	text.WriteString(`write(1, "` + strings.Repeat("x", 10*longest) + "\", 5) = 5\n7 close\n")
	if err := tr.Read("trace", strings.NewReader(text.String())); err != nil {
		t.Error(err)
	}
	if len(tr.Calls()) > maxCalls+3 { // one more for each number
		t.Error("unbounded")
	}
}

// TestRealStrace reads what strace prints of a real program, whatever its flags.
func TestRealStrace(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed")
	}
	for _, flags := range [][]string{{}, {"-f"}, {"-f", "-tt", "-T", "-y"}, {"-r", "-i"}, {"-f", "-k"}, {"-c"}, {"-f", "-ttt", "-yy", "-v"}, {"-f", "-c", "-w"}, {"-C"}, {"-X", "raw"}} {
		file := filepath.Join(t.TempDir(), "out")
		out, err := exec.Command("strace", append(flags, "-o", file, "sh", "-c", "ls / | cat")...).CombinedOutput()
		if err != nil {
			t.Skipf("strace does not run here: %v %s", err, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tr := New(arch(t, "x86_64"))
		if err := tr.Read("out", bytes.NewReader(text)); err != nil {
			t.Errorf("strace %v: %v", flags, err)
		}
		if len(tr.Calls()) < 10 {
			t.Errorf("strace %v: %d calls of\n%s", flags, len(tr.Calls()), text)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("12 write(fd == 1)\n")
	f.Add(`[pid 1] openat(AT_FDCWD, "x\", O_RDONLY|0644) = 3</x>`)
	f.Add(" 42.36    0.000061           1        34        13 openat\n")
	x86, i386 := arch(f, "x86_64"), arch(f, "i386")
	f.Fuzz(func(t *testing.T, text string) {
		tr := New(x86, i386)
		if tr.Read("trace", strings.NewReader(text)) != nil {
			return
		}
		var plain bytes.Buffer
		if err := tr.WritePlain(&plain, x86); err != nil {
			t.Fatal(err)
		}
		again := New(x86)
		if err := again.Read("plain", &plain); err != nil {
			t.Fatalf("what was written does not read back: %v", err)
		}
	})
}
