package asm

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// TestErrors: each mistake is told with its place, what was expected, and what
// to do.
func TestErrors(t *testing.T) {
	amd64, _ := abi.ByName("x86_64")
	for _, c := range []struct {
		source, want string
	}{
		{"", "x:1:1: an empty program; expected one instruction at least"},
		{"; only a comment", "x:1:17: an empty program; expected one instruction at least"},
		{"\tlb [0]\nret #0", `x:1:2: unknown mnemonic lb; did you mean "ld"?`},
		{"jeq #1, lable\nlabel: ret #0", `x:1:9: undefined label lable; did you mean "label"?`},
		{"la: ld [0]\nja la\nret #0", "x:2:4: a jump back to la in line 1; programs jump forward only"},
		{"la: jeq #1, la\nret #0", "x:1:13: a jump back to la in line 1; programs jump forward only"},
		{"ja la\nla: ret #0\nla: ret #1", "x:3:1: a second label la; the first is in line 2"},
		{"ret #0\nla:", "x:2:1: label la stands before no instruction; expected an instruction behind it"},
		{"ret: ret #0", "x:1:1: ret is a mnemonic and no label"},
		{"tax: ret #0", "x:1:1: tax is a mnemonic and no label"},
		{"mark: ret #0", "x:1:1: mark is an extension and no label"},
		{"x: ret #0", "x:1:1: x is a register and no label"},
		{"ja len\nret #0", "x:1:4: len is an extension and no label"},
		{"ret 5", `x:1:5: unexpected "5"; expected #k, a or x; a number has a # before it`},
		{"jeq 5, la\nla: ret #0", `x:1:5: unexpected "5"; expected #k or x; a number has a # before it`},
		{"jeq #5 la\nla: ret #0", `x:1:8: unexpected "la"; expected a comma and a label`},
		{"ldx [0]\nret #0", "x:1:5: unexpected '['; expected #k, M[k], len or 4*([k]&0xf)"},
		{"st #1\nret #0", "x:1:4: unexpected '#'; expected M[k]"},
		{"add [0]\nret #0", "x:1:5: unexpected '['; expected #k or x"},
		{"ld [0\nret #0", `x:2:1: unexpected "ret"; expected "]"`},
		{"ldxb 5*([0]&0xf)\nret #0", `x:1:6: unexpected "5"; expected 4*([k]&0xf); a number has a # before it`},
		{"ldb #5\nret #0", "x:1:5: unexpected '#'; expected [k], [x + k] or an extension"},
		{"ret #", "x:1:6: unexpected the end of the text; expected a number or the name of a constant"},
		{"ret #(1", `x:1:8: unexpected the end of the text; expected )`},
		{"ret #1/0", "x:1:7: the value of / is out of range; expected at most 32 bits"},
		{"ret #0x100000000", "x:1:6: 0x100000000 does not fit 32 bits; expected at most 0xffffffff"},
		{"ret #-2147483649", "x:1:6: -2147483649 does not fit 32 bits; expected -0x80000000 to 0xffffffff"},
		{"ret #09", "x:1:6: 09 has a digit that octal numbers lack; a number with a leading 0 is octal"},
		{"ret #NOSUCH", "x:1:6: unknown constant NOSUCH"},
		{"ret #write", "x:1:6: unknown constant write; a call's number is __NR_write"},
		{"ret #__NR_nosuch", "x:1:6: x86_64 has no call nosuch"},
		{"jeq #__NR_opanat, la\nla: ret #0", `x:1:6: x86_64 has no call opanat; did you mean "__NR_openat"?`},
		{"ret #SYS_exit_grup", `x:1:6: x86_64 has no call exit_grup; did you mean "SYS_exit_group"?`},
		{"ret #allow", `x:1:6: unknown constant allow; did you mean "SECCOMP_RET_ALLOW"?`},
		{"ret #X86_64", `x:1:6: unknown constant X86_64; did you mean "AUDIT_ARCH_X86_64"?`},
		{"ret #SECCOMP_RET_ERNO|EPRM", `x:1:6: unknown constant SECCOMP_RET_ERNO; did you mean "SECCOMP_RET_ERRNO"?`},
		{".equ LIMIT, 4\nret #LIMT", `x:2:6: unknown constant LIMT; did you mean "LIMIT"?`},
		{"ja nowhere\nret #0", "x:1:4: undefined label nowhere"},
		{"ret #0\nja nowhere", "x:2:1: a program ends with a return: put `ret` last\nx:2:4: undefined label nowhere"},
		{"ja 5\nret #0", `x:1:4: unexpected "5"; expected a label`},
		{"ld nr\nret #0", "x:1:4: nr without brackets; a field of seccomp_data is written as [nr], [arch], [ip.lo], [args[0].hi]"},
		{"ret #__NR_socketcall", "x:1:6: x86_64 has no call socketcall; another arch has it; .arch NAME chooses the arch"},
		{".arch vax\nret #0", "x:1:7: unknown arch vax; expected x86_64, i386, aarch64, ..."},
		{".foo\nret #0", "x:1:1: unknown directive .foo; expected .equ, .arch or .insn"},
		{".equ A, 1\n.equ A, 2\nret #0", "x:2:6: a second .equ A"},
		{".insn 0x10000, 0, 0, 0\nret #0", "x:1:7: 65536 is too much; expected at most 65535"},
		{".insn 6, 0, 256, 0", "x:1:13: 256 is too much; expected at most 255"},
		{"ld [args[6].lo]\nret #0", `x:1:10: a call has no argument "6"; expected args[0] to args[5]`},
		{"ld [nr.hi]\nret #0", "x:1:7: no half of the field; args[n] and ip have .lo and .hi, nr and arch have no halves"},
		{"ret #0 /* open", "x:1:8: a comment without its end; expected */"},
		{" # no\nret #0", "x:1:2: unexpected '#'; a comment begins with ; or has its # in the first column"},
		{"ret #0 // no", "x:1:8: unexpected '/'; a comment begins with ; or is between /* and */"},
		{"@\nret #0", "x:1:1: unexpected '@'; expected an instruction or a label"},
		{"\x00", `x:1:1: unexpected '\x00'; expected an instruction or a label`},
		{"\xff", "x:1:1: unexpected byte 0xff; expected an instruction or a label"},
		{"ld proto\nret #0", "x:1:4: proto is an extension for sockets: it is about a packet, and a seccomp filter has none; seccomp has len only; --for socket takes all"},
		{"ld M[16]\nret #0", "x:1:1: M[16]: scratch memory is M[0] to M[15]"},
		{"ld [0]", "x:1:1: a program ends with a return: put `ret` last"},
		{"ret #0\nret x", "x:2:1: code 0x0e: the kernel has no `ret x`: use `txa` and `ret a`"},
		{strings.Repeat("ret #0\n", 4097), "x:4097:1: 4097 instructions; a program has at most 4096"},
	} {
		_, err := Assemble("x", []byte(c.source), Options{Arch: amd64})
		if err == nil || err.Error() != c.want {
			t.Errorf("%.60q:\n got %v\nwant %s", c.source, err, c.want)
		}
	}
}

// TestAllErrorsAtOnce: one mistake hides no other, neither of the text nor of
// what the kernel says.
func TestAllErrorsAtOnce(t *testing.T) {
	source := "\tld [2]\n\tjeq #1, nowhere\n\tfoo\n\tlsh #32\nla:\tret 7\nla:\tret #0x1ffffffff\n\tld M[0]\n"
	_, err := Assemble("f.bpf", []byte(source), Options{})
	want := `f.bpf:1:2: load at offset 2: offsets are multiples of 4
f.bpf:2:10: undefined label nowhere
f.bpf:3:2: unknown mnemonic foo
f.bpf:4:2: shift by 32: a constant shift is by 31 at most
f.bpf:5:9: unexpected "7"; expected #k, a or x; a number has a # before it
f.bpf:6:1: a second label la; the first is in line 5
f.bpf:6:10: 0x1ffffffff does not fit 32 bits; expected at most 0xffffffff
f.bpf:7:2: a program ends with a return: put ` + "`ret`" + ` last`
	if err == nil || err.Error() != want {
		t.Errorf("%s", cmp.Diff(want, fmt.Sprint(err)))
	}
	var list ErrorList
	if !errors.As(err, &list) || !errors.Is(err, bpf.ErrShift) || !errors.Is(err, bpf.ErrEnd) {
		t.Errorf("%T does not say what the kernel says", err)
	}
}

// TestWarnings: what assembles and may not be meant.
func TestWarnings(t *testing.T) {
	for _, c := range []struct {
		source  string
		options Options
		want    string
	}{
		{"la: ret #0", Options{}, "x:1:1: warning: label la is not used"},
		{"ret x", Options{For: Socket}, "x:1:1: warning: the kernel refuses ret x; txa and ret a do the same"},
		{"lsh #32\nret a", Options{For: Socket}, "x:1:1: warning: the kernel refuses shifts by 32 and more"},
		{"ret #0x1ffffffff", Options{BpfcCompat: true}, "x:1:6: warning: bpfc wraps 0x1ffffffff to 0xffffffff"},
		{"ret #0129", Options{BpfcCompat: true}, "x:1:6: warning: bpfc reads 0129 as 10"},
		{"la: ja la\nret #0", Options{For: Socket, BpfcCompat: true}, "x:1:8: warning: bpfc lets this jump lead back by 1; the kernel refuses that"},
		{"ret #0 /* **/ ret #1 /* */", Options{BpfcCompat: true},
			"x:1:8: warning: bpfc does not see the end of this comment and swallows 13 bytes behind it"},
		{"jeq #1, la\n" + strings.Repeat("ret #0\n", 300) + "la: ret #1", Options{BpfcCompat: true},
			"x:1:9: warning: bpfc wraps this jump by 300 to one by 44"},
	} {
		a, err := Assemble("x", []byte(c.source), c.options)
		if err != nil || len(a.Warnings) != 1 || a.Warnings[0].String() != c.want {
			t.Errorf("%.60q: %v, %v, want %s", c.source, a.Warnings, err, c.want)
		}
	}
}

// TestManyWarnings are cut off, and are no error.
func TestManyWarnings(t *testing.T) {
	var b strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&b, "l%d: ret #0\n", i)
	}
	a, err := Assemble("x", []byte(b.String()), Options{})
	if err != nil || len(a.Warnings) != maxProblems+1 {
		t.Fatalf("%d warnings, %v", len(a.Warnings), err)
	}
	if last := a.Warnings[maxProblems].What; last != "1000 more warnings" {
		t.Errorf("the last warning is %q", last)
	}
}

// TestNames: constants, calls and fields, under an arch, beside their numbers.
func TestNames(t *testing.T) {
	for _, c := range []struct{ named, plain string }{
		{"jeq #__NR_write", "jeq #1"},
		{"jeq #SYS_openat", "jeq #257"},
		{".arch i386 jeq #__NR_write", "jeq #4"},
		{".arch aarch64\njeq #__NR_write", "jeq #64"},
		{".arch x32\njeq #__NR_write", "jeq #0x40000001"},
		{"jeq #AUDIT_ARCH_X86_64", "jeq #0xc000003e"},
		{"jeq #SECCOMP_RET_ERRNO|EPERM", "jeq #0x50001"},
		{"jeq #SECCOMP_RET_ERRNO | (ENOSYS & SECCOMP_RET_DATA)", "jeq #0x50026"},
		{".arch mips\njeq #ENOSYS", "jeq #89"},
		{"jeq #~0", "jeq #0xffffffff"},
		{"jeq #~0xffff", "jeq #0xffff0000"},
		{"jeq #1<<31", "jeq #0x80000000"},
		{"jeq #(1<<2)+(6>>1)*2-1^1&7|8%3/1", "jeq #10"},
		{"jeq #O_WRONLY|O_CREAT", "jeq #0x41"},
		{".equ ME, 1000\njeq #ME", "jeq #1000"},
		{".equ ME = #SECCOMP_RET_TRAP\n.equ YOU ME|1\njeq #YOU", "jeq #0x30001"},
		{"ld [nr]", "ld [0]"},
		{"ld [arch]", "ld [4]"},
		{"ld [ip.lo]", "ld [8]"},
		{"ld [instruction_pointer.hi]", "ld [12]"},
		{"ld [args[0]]", "ld [16]"},
		{"ld [ args[ 5 ].hi ]", "ld [60]"},
		{".arch s390x\nld [args[1].lo]", "ld [28]"},
		{".arch s390x\nld [args[1].hi]", "ld [24]"},
		{".arch s390x\nld [args[1]]", "ld [28]"},
		{"ld [offsetof(struct seccomp_data, args[2])]", "ld [32]"},
		{"ld [__builtin_offsetof(struct seccomp_data, nr)]", "ld [0]"},
		{"ld #rand", "ld [0xfffff038]"},
		{"ld [x+4]", "ld [x + 4]"},
	} {
		amd64, _ := abi.ByName("x86_64")
		got := assembleLine(t, c.named, amd64)
		if want := assembleLine(t, c.plain, amd64); got != want {
			t.Errorf("%q is %v, want %v", c.named, got, want)
		}
	}
}

// assembleLine assembles a line, a test with a target behind it.
func assembleLine(t *testing.T, line string, arch *abi.Arch) bpf.Instruction {
	t.Helper()
	if strings.Contains(line, "jeq") {
		line += ", la"
	}
	a, err := Assemble("x", []byte(line+"\nret #1\nla: ret #0"), Options{For: Socket, Arch: arch})
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return a.Program[0]
}

// TestLineMarkers: behind the C preprocessor places are those of its input.
func TestLineMarkers(t *testing.T) {
	source := "# 1 \"a.bpf\"\n# 1 \"<built-in>\" 1\n# 7 \"dir/b \\\"x\\\".h\" 1\nld [0]\n  foo\n# 3 \"a.bpf\" 2\n\nret 1\n"
	_, err := Assemble("stdin", []byte(source), Options{LineMarkers: true})
	want := "dir/b \"x\".h:8:3: unknown mnemonic foo\na.bpf:4:5: unexpected \"1\"; expected #k, a or x; a number has a # before it"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestManualPage assembles each example of the installed manual page as bpfc
// does. Where there is none, as in small images, the corpus has them.
func TestManualPage(t *testing.T) {
	path := bpfcPath(t)
	cmd := exec.Command("man", "-l", "-Tascii", manualPage(t))
	cmd.Env = append(os.Environ(), "MANWIDTH=200", "MAN_KEEP_FORMATTING=")
	page, err := cmd.Output()
	if err != nil {
		t.Skipf("missing: man (Debian package man-db): %v", err)
	}
	plain := regexp.MustCompile(".\x08").ReplaceAllString(string(page), "")
	_, plain, _ = strings.Cut(plain, "SOURCE EXAMPLES")
	plain, _, _ = strings.Cut(plain, "USAGE EXAMPLE")
	sentence := regexp.MustCompile(`(?m)^       \S.*:$`)
	n := 0
	for _, example := range sentence.Split(plain, -1)[1:] {
		want, ok := fromBpfc(t, path, example)
		if !ok {
			continue // the introduction
		}
		n++
		a, err := Assemble("manual", []byte(example), Options{For: Socket})
		if err != nil {
			t.Errorf("%v\n%s", err, example)
		} else if diff := cmp.Diff(want, a.Program); diff != "" {
			t.Errorf("%s\n%s", diff, example)
		}
	}
	if n < 8 {
		t.Errorf("bpfc takes %d examples of its manual page", n)
	}
}

// manualPage finds the page, or skips the test.
func manualPage(t *testing.T) string {
	const page = "/usr/share/man/man8/bpfc.8.gz"
	if _, err := os.Stat(page); err != nil {
		t.Skipf("missing: %s", page)
	}
	return page
}

// TestNoAssembler: of a text full of mistakes not all is read.
func TestNoAssembler(t *testing.T) {
	_, err := Assemble("x", []byte(strings.Repeat("foo\n", 1<<20)), Options{})
	var list ErrorList
	if !errors.As(err, &list) || len(list) != maxProblems+1 {
		t.Fatalf("%d errors, want %d", len(list), maxProblems+1)
	}
	if last := list[maxProblems].What; last != "many more errors: this is no assembler" {
		t.Errorf("the last error is %q", last)
	}
}
