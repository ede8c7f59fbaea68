package asm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf"
)

// texts reads a picture as XML and returns what is written in it, titles apart.
func texts(t interface{ Fatalf(string, ...any) }, svg []byte) []string {
	var all []string
	d := xml.NewDecoder(bytes.NewReader(svg))
	var text *strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if token.Name.Local == "text" {
				text = &strings.Builder{}
			}
		case xml.CharData:
			if text != nil {
				text.Write(token)
			}
		case xml.EndElement:
			if token.Name.Local == "text" {
				all = append(all, text.String())
				text = nil
			}
		}
	}
}

// TestSVG: calls are on the arrows, verdicts in their boxes, and a return that
// several arrows lead to is drawn for each.
func TestSVG(t *testing.T) {
	a, err := Assemble("x", []byte(`
		ld [arch]
		jne #AUDIT_ARCH_X86_64, bad
		ld [nr]
		jeq #__NR_openat, bad
		jeq #__NR_write, write
		ret #SECCOMP_RET_ALLOW
	write:	ld [args[0].lo]
		jgt #2, bad
		ret #SECCOMP_RET_ALLOW
	bad:	ret #SECCOMP_RET_ERRNO|EPERM
	`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(texts(t, mustAppend(t, SVG, a.Program)), "\n")
	want := strings.Join([]string{
		"arch == x86_64", "else", "openat", "else", "write", "else", "write: fd > 2", "else", // arrows, by block
		"0  ld [4]  arch", "1  jne #0xc000003e, L9", "2  ld [0]  nr", "3  jeq #257, L9", "4  jeq #1, L6",
		"allow", "6  ld [16]  fd", "7  jgt #2, L9", "allow", "errno EPERM", "errno EPERM", "errno EPERM",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestSVGLongArrow: an arrow past many blocks ends in a link to where it leads.
func TestSVGLongArrow(t *testing.T) {
	var b strings.Builder
	b.WriteString("jeq #0, far\n")
	for range 2 * farthest {
		b.WriteString("jset x, far\n")
	}
	b.WriteString("far: tax\nret a\n")
	p, err := Read(Asm, "x", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	svg := string(mustAppend(t, SVG, p))
	if !strings.Contains(svg, `<a href="#n19"><g><title>instructions 19 to 20</title>`) || !strings.Contains(svg, `<g id="n19">`) {
		t.Errorf("no link:\n%s", svg)
	}
}

// TestSVGOfAnything: the picture of any program is XML, and shows each of its
// instructions that is no lone return.
func TestSVGOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := instructions(t)
		all := strings.Join(texts(t, mustAppend(t, SVG, p)), "\n")
		for pc, in := range p {
			text := string(appendInstruction(nil, p, pc))
			if lookup(in.Code).name != "ret" && !strings.Contains(all, text) {
				t.Fatalf("%q is missing in\n%s", text, all)
			}
		}
	})
}

// TestSVGRenders gives pictures to librsvg.
func TestSVGRenders(t *testing.T) {
	path, err := exec.LookPath("rsvg-convert")
	if err != nil {
		missing(t, "rsvg-convert (Debian package librsvg2-bin)")
	}
	sampled, err := Read(Asm, "x", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]bpf.Program{
		"sample": sampled, "garbage": rapid.Custom(instructions).Example(3), "one": {bpf.Stmt(bpf.RET|bpf.A, 0)},
	} {
		cmd := exec.Command(path, "-o", filepath.Join(t.TempDir(), "picture.png"))
		cmd.Stdin = bytes.NewReader(mustAppend(t, SVG, p))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

// TestSVGOfTheLongest: the time for the greatest program of jumps everywhere is
// bounded.
func TestSVGOfTheLongest(t *testing.T) {
	p := make(bpf.Program, bpf.MAXINSNS)
	for pc := range p {
		left := len(p) - pc - 1
		p[pc] = bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, uint32(pc), uint8(min(pc%251, max(left-1, 0))), uint8(min(pc*7%253, max(left-1, 0))))
	}
	p[len(p)-1] = bpf.Stmt(bpf.RET|bpf.K, 0)
	if n := len(mustAppend(t, SVG, p)); n > 16<<20 {
		t.Errorf("the picture has %d bytes", n)
	}
}
