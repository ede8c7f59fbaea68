package asm

import (
	"bytes"
	"errors"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf"
)

// sample has every mnemonic and addressing mode, and jumps of each kind.
const sample = `
	ld [4]
	jne #0xc000003e, bad
	ld [0]
	jge #0x40000000, bad
	jeq #15, good
	jgt #60, bad, next
next:	jset #0x7, good, bad
	ldh [12]
	ldb [x + 14]
	ldxb 4*([14]&0xf)
	ldx len
	ldx M[15]
	ld #0xfffffff0
	ld proto
	ld poff
	ld len
	st M[0]
	stx M[1]
	add #7
	div x
	mod #0x10000
	neg
	tax
	txa
	jeq x, good
	jlt x, bad
	ja good
bad:	ret #0
	ret a
	ret x
good:	ret #0x7fff0000
`

// TestPrintsAsBpfc compares bpfc's formats with bpfc, byte for byte.
func TestPrintsAsBpfc(t *testing.T) {
	bpfc := bpfcPath(t)
	raw, ok := runBpfc(t, bpfc, sample)
	if !ok {
		t.Fatalf("bpfc refuses the sample: %s", raw)
	}
	p, err := Read(C, "sample", []byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	if len(p) != 31 {
		t.Fatalf("the sample has %d instructions, want 31", len(p))
	}
	for _, name := range []string{C, Netsniff, XTBPF, Tcpdump} {
		flag := name
		if name == C {
			flag = "C"
		}
		want, _ := runBpfc(t, bpfc, sample, "-f", flag)
		if got := string(mustAppend(t, name, p)); got != want {
			t.Errorf("%s: %s", name, cmp.Diff(want, got))
		}
	}
}

// TestBpfcReadsAsm gives the text of a program to bpfc.
func TestBpfcReadsAsm(t *testing.T) {
	bpfc := bpfcPath(t)
	want, _ := runBpfc(t, bpfc, sample)
	p, err := Read(C, "sample", []byte(want))
	if err != nil {
		t.Fatal(err)
	}
	text := string(mustAppend(t, Asm, p))
	if got, _ := runBpfc(t, bpfc, text); got != want {
		t.Errorf("bpfc reads\n%s\nas %s", text, cmp.Diff(want, got))
	}
}

// mustAppend writes a program in a format that there is.
func mustAppend(t interface{ Fatal(...any) }, format string, p bpf.Program) []byte {
	text, err := Append(nil, format, p)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// instructions draws any program: half of the codes are ones that there are.
func instructions(t *rapid.T) bpf.Program {
	code := rapid.OneOf(rapid.Uint16(), rapid.Map(rapid.IntRange(0, 0xff), func(c int) uint16 {
		for lookup(uint16(c)).operand == none {
			c = (c + 1) & 0xff
		}
		return uint16(c)
	}))
	one := rapid.Custom(func(t *rapid.T) bpf.Instruction {
		return bpf.Instruction{
			Code: code.Draw(t, "code"),
			Jt:   rapid.OneOf(rapid.Just(uint8(0)), rapid.Uint8Range(0, 4), rapid.Uint8()).Draw(t, "jt"),
			Jf:   rapid.OneOf(rapid.Just(uint8(0)), rapid.Uint8Range(0, 4), rapid.Uint8()).Draw(t, "jf"),
			K:    rapid.OneOf(rapid.Uint32Range(0, 64), rapid.Uint32()).Draw(t, "k"),
		}
	})
	return rapid.SliceOfN(one, 1, 40).Draw(t, "program")
}

// TestReadsWhatItWrites holds for every program and format that can be read,
// named or detected.
func TestReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := instructions(t)
		for _, format := range Readable() {
			text := mustAppend(t, format, p)
			for _, from := range []string{format, ""} {
				got, err := Read(from, "x", text)
				if err != nil {
					t.Fatalf("%s (as %q): %v\n%s", format, from, err, text)
				}
				if diff := cmp.Diff(p, got); diff != "" {
					t.Fatalf("%s (as %q): %s\n%s", format, from, diff, text)
				}
			}
		}
	})
}

// TestWritesAnything runs the writers that nothing reads back over any program.
func TestWritesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := instructions(t)
		for _, format := range Writable() {
			if len(mustAppend(t, format, p)) == 0 {
				t.Fatalf("%s writes nothing", format)
			}
		}
		if n := strings.Count(Listing(p), "\n"); n != len(p) {
			t.Fatalf("the listing has %d lines for %d instructions", n, len(p))
		}
	})
}

func TestGoIsFormatted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := mustAppend(t, Go, instructions(t))
		want, err := format.Source(text)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, text) {
			t.Fatal(cmp.Diff(string(want), string(text)))
		}
	})
}

// TestCMacrosCompile gives the macros to a C compiler and compares its array
// with the program.
func TestCMacrosCompile(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		missing(t, "cc")
	}
	p := bpf.Program{}
	for code := range uint16(300) {
		p = append(p, bpf.Instruction{Code: code, K: uint32(code) * 0x01010101}, bpf.Jump(code, 1, 2, 3))
	}
	source := "#include <stdio.h>\n#include <linux/filter.h>\nstatic struct sock_filter f[] = {\n" +
		string(mustAppend(t, CMacros, p)) +
		"};\nint main(void) { fwrite(f, sizeof f, 1, stdout); return 0; }\n"
	dir := t.TempDir()
	file, program := filepath.Join(dir, "filter.c"), filepath.Join(dir, "filter")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-Wall", "-Werror", "-o", program, file).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	raw, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Read(Raw, "cc", raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownFormat(t *testing.T) {
	var unknown *FormatError
	if err := Write(&bytes.Buffer{}, "elf", bpf.Program{{Code: 6}}); !errors.As(err, &unknown) || unknown.Format != "elf" {
		t.Errorf("Write: %v", err)
	}
	if _, err := Read("listing", "x", []byte("x")); !errors.As(err, &unknown) {
		t.Errorf("Read: %v", err)
	}
}
