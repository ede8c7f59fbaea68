package seccomp_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/seccomp"
)

func export(t *testing.T, b *seccomp.Builder, format string) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Export(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// What is added is the rule that one would write.
func TestRulesAsText(t *testing.T) {
	const atFDCWD = -100
	for _, c := range []struct {
		want string
		rule func(*seccomp.Builder)
	}{
		{"allow read", func(b *seccomp.Builder) { b.Add(seccomp.Allow(), "read") }},
		{"log @memory", func(b *seccomp.Builder) { b.Add(seccomp.Log(), "@memory") }},
		{"errno ENOSYS clone3", func(b *seccomp.Builder) { b.Add(seccomp.Errno(syscall.ENOSYS), "clone3") }},
		{"trap 7 syscall_1007", func(b *seccomp.Builder) { b.Add(seccomp.Trap(7), "syscall_1007") }},
		{"trap read", func(b *seccomp.Builder) { b.Add(seccomp.Trap(0), "read") }},
		{"trace 3 read", func(b *seccomp.Builder) { b.Add(seccomp.Trace(3), "read") }},
		{"notify mount", func(b *seccomp.Builder) { b.Add(seccomp.Notify(), "mount") }},
		{"kill-thread read", func(b *seccomp.Builder) { b.Add(seccomp.KillThread(), "read") }},
		{"kill-process read", func(b *seccomp.Builder) { b.Add(seccomp.KillProcess(), "read") }},
		{"allow write(fd <= 2)", func(b *seccomp.Builder) { b.Add(seccomp.Allow(), "write", seccomp.Arg("fd", seccomp.LessEqual, 2)) }},
		{"allow write(fd != 0, count < 4096)", func(b *seccomp.Builder) {
			b.Add(seccomp.Allow(), "write", seccomp.At(0, seccomp.NotEqual, 0), seccomp.At(2, seccomp.Less, 4096))
		}},
		{"allow openat(dfd == -100)", func(b *seccomp.Builder) { b.Add(seccomp.Allow(), "openat", seccomp.Arg("dfd", seccomp.Equal, atFDCWD)) }},
		{"allow openat(dfd == 0xffffff9c)", func(b *seccomp.Builder) {
			b.Add(seccomp.Allow(), "openat", seccomp.Arg("dfd", seccomp.Equal, uint32(0xffffff9c)))
		}},
		{"allow openat(flags & 0x3 == 0)", func(b *seccomp.Builder) { b.Add(seccomp.Allow(), "openat", seccomp.Masked("flags", 3, 0)) }},
		{"allow lseek(offset >= 0)", func(b *seccomp.Builder) {
			b.Add(seccomp.Allow(), "lseek", seccomp.Arg("offset", seccomp.GreaterEqual, int64(0)))
		}},
		{"allow socket(arg0 > 1)", func(b *seccomp.Builder) { b.Add(seccomp.Allow(), "socket", seccomp.Register(0, seccomp.Greater, 1)) }},
		{"allow socket(arg0 == 0xffffffffffffffff)", func(b *seccomp.Builder) { b.Add(seccomp.Allow(), "socket", seccomp.Register(0, seccomp.Equal, -1)) }},
		{"allow prctl(arg0 == 4, arg1 == 1, arg3 == 2)", func(b *seccomp.Builder) { // prctl's arg3 is in register 2
			b.Add(seccomp.Allow(), "prctl", seccomp.Register(0, seccomp.Equal, 4), seccomp.Register(1, seccomp.Equal, 1), seccomp.Register(2, seccomp.Equal, 2))
		}},
		{"allow ioctl(arg1 & 0xffffffff == 0x5401)", func(b *seccomp.Builder) {
			b.Add(seccomp.Allow(), "ioctl", seccomp.MaskedRegister(1, uint32(0xffffffff), 0x5401))
		}},
	} {
		b := seccomp.New(seccomp.KillProcess()).Arch("x86_64")
		c.rule(b)
		text := export(t, b, "policy")
		_, rule, _ := strings.Cut(text, "default kill-process\n")
		want := strings.NewReplacer("0x5401", "21505").Replace(c.want)
		if got := strings.TrimSpace(rule); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestHeadAsText(t *testing.T) {
	b := seccomp.New(seccomp.Errno(syscall.EPERM)).Name("mine").Arch("amd64", "arm64").Else(seccomp.Allow()).Newer(seccomp.Errno(syscall.ENOSYS), "6.1")
	b.Add(seccomp.Allow(), "read")
	const want = "language 1\npolicy mine\narch x86_64, aarch64 else allow\ndefault errno EPERM\nnewer errno ENOSYS than linux 6.1\nallow read\n"
	if got := export(t, b, "policy"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Everything that is wrong is told at once, with the line that added it.
func TestErrors(t *testing.T) {
	b := seccomp.New(seccomp.KillProcess()).Arch("x86_64", "aarch64", "vax")
	b.Add(seccomp.Allow(), "raed")
	b.Add(seccomp.Allow(), "write", seccomp.Arg("df", seccomp.Equal, 1))
	b.Add(seccomp.Allow(), "write", seccomp.At(3, seccomp.Equal, 1))
	b.Add(seccomp.Allow(), "clone", seccomp.At(4, seccomp.Equal, 1))
	b.Add(seccomp.Allow(), "write", seccomp.Masked("fd", 1, 2))
	b.Add(seccomp.Allow(), "write", seccomp.Arg("buf", seccomp.Equal, 4096))
	b.Add(seccomp.Errno(5000), "write")
	b.Add(seccomp.Allow(), "read\nallow *")
	b.Add(seccomp.Allow(), "write", seccomp.Register(6, seccomp.Equal, 0))
	b.Add(seccomp.Allow(), "write", seccomp.Arg("fd", seccomp.Less, int64(1)<<40))
	b.Add(seccomp.Allow(), "prctl", seccomp.Arg("option", seccomp.Equal, 35), seccomp.Register(2, seccomp.Equal, 1))
	b.Add(seccomp.Allow(), "write", seccomp.Arg("fd", seccomp.Op(99), 1))
	b.Add(seccomp.Verdict{Kind: 99}, "write").Name("a b")
	b.Add(seccomp.Allow(), "@memory", seccomp.Arg("fd", seccomp.Equal, 1))
	_, err := b.Policy()
	var list policy.ErrorList
	if !errors.As(err, &list) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"vax", `"raed"`, "df", "no argument at place 3", "use Arg with its name", "takes away", "buf", "5000", "arg6", "1099511627776", "comparison", "verdict", "cannot be compared whole", "conditions on the set @memory", `"a b" is not a name`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no error says %q", want)
		}
	}
	for _, e := range list {
		if e.Pos.File != "builder_test.go" || e.Pos.Line == 0 {
			t.Errorf("%v is placed nowhere", e)
		}
	}
	for _, format := range []string{"policy", "raw", "listing"} {
		var out bytes.Buffer
		if err := b.Export(&out, format); err == nil || out.Len() > 0 {
			t.Errorf("exported as %s: %v\n%s", format, err, out.String())
		}
	}
	if _, err := b.Load(); err == nil {
		t.Error("loaded")
	}
}

func TestExport(t *testing.T) {
	b := seccomp.New(seccomp.KillProcess()).Arch("x86_64")
	b.Add(seccomp.Allow(), "write", seccomp.Arg("fd", seccomp.LessEqual, 2))
	program, err := b.Program()
	if err != nil {
		t.Fatal(err)
	}
	if raw := export(t, b, "raw"); raw != string(program.Append(nil, bpf.LittleEndian)) {
		t.Errorf("raw is %d bytes of a program of %d instructions", len(raw), len(program))
	}
	if text := export(t, b, "listing"); !strings.Contains(text, "write") || !strings.Contains(text, "kill-process") {
		t.Errorf("listing:\n%s", text)
	}
	var out bytes.Buffer
	if err := b.Export(&out, "pfc"); err == nil || !strings.Contains(err.Error(), "listing") || !strings.Contains(err.Error(), "policy") {
		t.Errorf("unknown format: %v", err)
	}
}

// A filter that is asked for twice is the same, and goes on growing.
func TestBuilderIsNotUsedUp(t *testing.T) {
	b := seccomp.New(seccomp.KillProcess()).Arch("x86_64").Add(seccomp.Allow(), "read")
	first, err1 := b.Program()
	again, err2 := b.Program()
	longer, err3 := b.Add(seccomp.Allow(), "write").Program()
	if err := errors.Join(err1, err2, err3); err != nil || !slices.Equal(first, again) || slices.Equal(first, longer) {
		t.Errorf("%v: %d, %d, %d instructions", err, len(first), len(again), len(longer))
	}
}
