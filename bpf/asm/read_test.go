package asm

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/narrow-sandbox/narrow/bpf"
)

// small is the program that the texts of TestReads have.
var small = bpf.Program{
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 4),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0xc000003e, 1, 0),
	bpf.Stmt(bpf.RET|bpf.K, 0),
	bpf.Stmt(bpf.RET|bpf.K, 0x7fff0000),
}

// TestReads: each format as different programs write it, told by its look.
func TestReads(t *testing.T) {
	for _, c := range []struct{ format, text string }{
		{C, "{ 0x20, 0, 0, 0x00000004 },\n{ 0x15, 1, 0, 0xc000003e },\n{ 0x6, 0, 0, 0x00000000 },\n{ 0x6, 0, 0, 0x7fff0000 },\n"},
		{C, "{32,0,0,4},{21,1,0,3221225534},{6,0,0,0},{6,0,0,2147418112}"},
		{C, "\n\t{ 0x20, 0, 0, 4 }, /* arch */\r\n{ 0x15, 1, 0, 0xC000003E }, // x86_64\n{ 6, 0, 0, 0 },\n{ 6, 0, 0, 0x7fff0000U },"},
		{CMacros, "BPF_STMT(BPF_LD+BPF_W+BPF_ABS, 4),\nBPF_JUMP(BPF_JMP+BPF_JEQ+BPF_K, AUDIT_ARCH_X86_64, 1, 0),\nBPF_STMT(BPF_RET+BPF_K, SECCOMP_RET_KILL),\nBPF_STMT(BPF_RET+BPF_K, SECCOMP_RET_ALLOW)"},
		{CMacros, `#include <linux/filter.h>
			/* the filter */
			static struct sock_filter filter[] = {
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offsetof(struct seccomp_data, arch))),
				BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
				{ BPF_RET | BPF_K, 0, 0, 0UL },
				BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW | (0 & SECCOMP_RET_DATA)),
			};`},
		{Tcpdump, "32 0 0 4\n21 1 0 3221225534\n6 0 0 0\n6 0 0 2147418112\n"},
		{Tcpdump, "4\n32 0 0 4\n21 1 0 3221225534\n6 0 0 0\n6 0 0 2147418112\n"},
		{Tcpdump, "4\r\n32 0 0 4\r\n21 1 0 3221225534\r\n6 0 0 0\r\n6 0 0 2147418112\r\n"},
		{XTBPF, "4,32 0 0 4,21 1 0 3221225534,6 0 0 0,6 0 0 2147418112,"},
		{XTBPF, "4,32 0 0 4,21 1 0 3221225534,6 0 0 0,6 0 0 2147418112\n"},
		{JSON, "[[32,0,0,4],[21,1,0,3221225534],[6,0,0,0],[6,0,0,2147418112]]\n"},
		{JSON, " [ [32, 0, 0, 4],\n [21, 1, 0, 3221225534],\n [6,0,0,0],\n [6,0,0,2147418112] ]"},
		{Hex, "2000000004000000\n150001003e0000c0\n0600000000000000\n060000000000ff7f\n"},
		{Hex, "20 00 00 00 04 00 00 00 15 00 01 00 3E 00 00 C0 06 00 00 00 00 00 00 00 06 00 00 00 00 00 FF 7F"},
		{Hex, "0x20,0x00,0x00,0x00,0x04,0x00,0x00,0x00,0x15,0x00,0x01,0x00,0x3e,0x00,0x00,0xc0,0x06,0x00,0x00,0x00,0x00,0x00,0x00,0x00,0x06,0x00,0x00,0x00,0x00,0x00,0xff,0x7f"},
		{Hex, `\x20\x00\x00\x00\x04\x00\x00\x00\x15\x00\x01\x00\x3e\x00\x00\xc0\x06\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\xff\x7f`},
		{Hex, "00000000: 2000 0000 0400 0000 1500 0100 3e00 00c0   ...........>...\n00000010: 0600 0000 0000 0000 0600 0000 0000 ff7f  ................\n"},
		{Hex, "00000000  20 00 00 00 04 00 00 00  15 00 01 00 3e 00 00 c0  | ...........>...|\n" +
			"00000010  06 00 00 00 00 00 00 00  06 00 00 00 00 00 ff 7f  |................|\n00000020\n"},
		{Raw, "\x20\x00\x00\x00\x04\x00\x00\x00\x15\x00\x01\x00\x3e\x00\x00\xc0\x06\x00\x00\x00\x00\x00\x00\x00\x06\x00\x00\x00\x00\x00\xff\x7f"},
		{Asm, "ld [4]\njeq #0xc000003e, good\nret #0\ngood: ret #0x7fff0000"},
	} {
		for _, format := range []string{c.format, ""} {
			got, err := Read(format, "x", []byte(c.text))
			if err != nil {
				t.Errorf("%s (as %q): %v\n%.80s", c.format, format, err, c.text)
			} else if diff := cmp.Diff(small, got); diff != "" {
				t.Errorf("%s (as %q): %s\n%.80s", c.format, format, diff, c.text)
			}
		}
		if got := Detect([]byte(c.text)); got != c.format {
			t.Errorf("detected %s, want %s: %.80s", got, c.format, c.text)
		}
	}
}

// TestReadErrors: what cannot be read is told with its line, and never taken in
// part.
func TestReadErrors(t *testing.T) {
	for _, c := range []struct{ format, text, want string }{
		{Raw, "1234567", "x: raw: " + (&bpf.SizeError{Bytes: 7}).Error()},
		{Raw, "", "x: raw: an empty program; expected one instruction at least"},
		{JSON, "[]", "x: json: an empty program; expected one instruction at least"},
		{JSON, "[[6,0,0]]", "x:1: json: unexpected ']'; expected ','"},
		{JSON, "[[6,0,0,0],\n[6,0,0,0,0]]", "x:2: json: unexpected ','; expected ']'"},
		{JSON, "[[6,0,0,0],]", "x:1: json: unexpected ']'; expected '['"},
		{JSON, "[[6,0,0,0]] x", `x:1: json: unexpected "x"`},
		{JSON, "[[65536,0,0,0]]", "x:1: json: 65536 0 0 0 is no instruction; expected a code below 65536 and jumps below 256"},
		{JSON, "[[6,0,256,0]]", "x:1: json: 6 0 256 0 is no instruction; expected a code below 65536 and jumps below 256"},
		{JSON, "[[6,0,0,4294967296]]", "x:1: json: 4294967296 does not fit 32 bits; expected at most 0xffffffff"},
		{C, "{ 6, 0, 0, 0 },\n{ 6, 0, 0 },", "x:2: c: unexpected '}'; expected ','"},
		{C, "{ 6, 0, 0, 0 }\nfoo", `x:2: c: unexpected "foo"; expected { code, jt, jf, k } or BPF_STMT or BPF_JUMP`},
		{C, "{ 6, 0, 0, 0 } /* open", "x:1: c: a comment without its end; expected */"},
		{CMacros, "BPF_STMT(BPF_FOO, 0)", "x:1: c-macros: unknown constant BPF_FOO"},
		{CMacros, "static struct sock_filter f[] = { BPF_STMT(6, 0),", "x:1: c-macros: unexpected the end of the text"},
		{Tcpdump, "2\n6 0 0 0\n", "x:1: tcpdump: the count is 2, but there are 1 instructions"},
		{Tcpdump, "6 0 0 0\n6 0", "x:2: tcpdump: unexpected the end of the text; expected a number or the name of a constant"},
		{XTBPF, "2,6 0 0 0,", "x:1: xt_bpf: the count is 2, but there are 1 instructions"},
		{Hex, "06000000000000", "x: hex: " + (&bpf.SizeError{Bytes: 7}).Error()},
		{Hex, "06 0 0000000000000", "x:1: hex: half a byte; expected two digits"},
		{Hex, "0600\n000z", "x:2: hex: unexpected 'z'; expected hexadecimal digits"},
	} {
		p, err := Read(c.format, "x", []byte(c.text))
		var typed *ReadError
		if p != nil || !errors.As(err, &typed) || err.Error() != c.want {
			t.Errorf("%s %q:\n got %v\nwant %s", c.format, c.text, err, c.want)
		}
	}
}

// TestReadsTooMany: more than a sock_fprog can count are refused.
func TestReadsTooMany(t *testing.T) {
	p := make(bpf.Program, maxInstructions+1)
	for _, format := range Readable() {
		if _, err := Read(format, "x", mustAppend(t, format, p)); err == nil {
			t.Errorf("%s takes %d instructions", format, len(p))
		}
		if _, err := Read(format, "x", mustAppend(t, format, p[1:])); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// TestGoCompiles builds the Go file and runs it against the program.
func TestGoCompiles(t *testing.T) {
	p := bpf.Program{}
	for code := range uint16(300) {
		p = append(p, bpf.Instruction{Code: code, K: uint32(code) * 0x01010101}, bpf.Jump(code, 1, 2, 3))
	}
	dir := t.TempDir()
	filter := strings.Replace(string(mustAppend(t, Go, p)), "package filter", "package main", 1)
	program := "package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.Write(Program.Bytes()) }\n"
	var files []string
	for name, text := range map[string]string{"filter.go": filter, "main.go": program} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	cmd := exec.Command("go", append([]string{"run"}, files...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	got, err := Read(Raw, "go", raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, got); diff != "" {
		t.Error(diff)
	}
}
