package asm

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/narrow-sandbox/narrow/bpf"
)

//go:generate go run ./gen

// corpusCase is a source and what bpfc makes of it.
type corpusCase struct {
	name, source, answer string
	taken                bool
	program              bpf.Program // what bpfc assembled, if it took the source
}

// corpus reads testdata/bpfc.txtar.
func corpus(t testing.TB) []corpusCase {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/bpfc.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var all []corpusCase
	for i := 0; i+1 < len(archive.Files); i += 2 {
		source, out := archive.Files[i], string(archive.Files[i+1].Data)
		c := corpusCase{name: strings.TrimSuffix(source.Name, ".bpf"), source: string(source.Data), answer: out}
		if text, ok := strings.CutPrefix(out, "status 0\n"); ok {
			c.taken = true
			if c.program, err = Read(Tcpdump, c.name, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, c)
	}
	if len(all) < 4500 {
		t.Fatalf("the corpus has %d cases only", len(all))
	}
	return all
}

// TestCorpus: what bpfc takes, compat mode assembles to the same bytes, and
// strict mode too unless compat mode warns of bpfc.
func TestCorpus(t *testing.T) {
	taken, wrong := 0, 0
	for _, c := range corpus(t) {
		if !c.taken {
			continue
		}
		taken++
		compat, err := Assemble(c.name, []byte(c.source), Options{For: Socket, BpfcCompat: true})
		if err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, c.source)
			continue
		}
		if !slices.Equal(c.program, compat.Program) {
			t.Errorf("%s: compat: %s\n%s", c.name, cmp.Diff(c.program, compat.Program), c.source)
		}
		strict, err := Assemble(c.name, []byte(c.source), Options{For: Socket})
		switch same := err == nil && slices.Equal(c.program, strict.Program); {
		case same && warnsOfBpfc(compat.Warnings) && !strings.HasPrefix(c.name, "wild"): // there it may swallow blanks only
			t.Errorf("%s: a warning for nothing: %v\n%s", c.name, compat.Warnings[0], c.source)
		case !same && !warnsOfBpfc(compat.Warnings):
			t.Errorf("%s: other bytes without a warning: %v\n%s", c.name, err, c.source)
		case !same:
			wrong++
		}
	}
	t.Logf("bpfc takes %d sources, %d of them wrongly", taken, wrong)
}

// beyond is what bpfc refuses and this assembler takes on purpose.
var beyond = []struct{ what, source string }{
	{"no blank behind +", `^ld[hb]? \[x ?\+4\]`},
	{"an extension that bpf_asm has", `^ld[hb]? #?rand`},
	{"two targets of a negated test", `^(jneq|jne|jlt|jle) [^,]*,[^,]*,`},
	{"signs", `^ret #([-+]0|- 1)\n`},
	{"a lone # as a comment", `^ret #0\n#\n`},
	{"comments that end in two stars", `^/\*[ *]*\*\*/ ret|^/\*\*\*/`},
	{"two labels at one place", `^\w+: \w+: ret`},
	{"labels of one letter", `^b: `},
	{"other blanks", `[\r\f]`},
	{"directives, constants and fields", `\.equ|EPERM|\[nr\]`},
}

// TestCorpusExamples: bpfc takes each example of its manual page, and every
// program that was drawn from its grammar.
func TestCorpusExamples(t *testing.T) {
	n := 0
	for _, c := range corpus(t) {
		if group, _, _ := strings.Cut(c.name, "-"); group != "manual" && group != "random" {
			continue
		}
		n++
		got, err := Assemble(c.name, []byte(c.source), Options{For: Socket})
		if err != nil || !c.taken || !slices.Equal(got.Program, c.program) {
			t.Errorf("%s: bpfc took it: %v, %v; got %v, want %v\n%s", c.name, c.taken, err, got.Program, c.program, c.source)
		}
	}
	if n < 700 {
		t.Errorf("saw %d sources only", n)
	}
}

// TestCorpusRefused: what bpfc refuses is refused, but for what goes beyond it.
// Wild sources are full of that.
func TestCorpusRefused(t *testing.T) {
	patterns := make([]*regexp.Regexp, len(beyond))
	used := make([]bool, len(beyond))
	for i, b := range beyond {
		patterns[i] = regexp.MustCompile(b.source)
	}
	for _, c := range corpus(t) {
		if c.taken || strings.HasPrefix(c.name, "wild") {
			continue
		}
		_, err := Assemble(c.name, []byte(c.source), Options{For: Socket})
		if err != nil {
			continue
		}
		i := slices.IndexFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(c.source) })
		if i < 0 {
			t.Errorf("%s: bpfc refuses it:\n%.200s", c.name, c.source)
			continue
		}
		used[i] = true
	}
	if i := slices.Index(used, false); i >= 0 {
		t.Errorf("nothing in the corpus shows: %s", beyond[i].what)
	}
}

// TestCorpusIsCurrent asks bpfc again.
func TestCorpusIsCurrent(t *testing.T) {
	path := bpfcPath(t)
	all := corpus(t)
	for i := 0; i < len(all); i += 7 {
		c := all[i]
		out, ok := runBpfc(t, path, c.source, "-f", "tcpdump")
		want := "status 0\n" + out
		if !ok {
			want = "status 1\n"
		}
		if c.answer != want {
			t.Errorf("%s: bpfc answers %q, the corpus has %q", c.name, want, c.answer)
		}
	}
}

// TestCorpusRoundTrip takes each program apart and puts it together again, by
// each format that can be read.
func TestCorpusRoundTrip(t *testing.T) {
	for _, c := range corpus(t) {
		if !c.taken {
			continue
		}
		for _, format := range Readable() {
			text := mustAppend(t, format, c.program)
			got, err := Read(format, c.name, text)
			if err != nil {
				t.Errorf("%s by %s: %v", c.name, format, err)
			} else if !slices.Equal(c.program, got) {
				t.Errorf("%s by %s: %s", c.name, format, cmp.Diff(c.program, got))
			}
			if again := mustAppend(t, format, got); !bytes.Equal(text, again) {
				t.Errorf("%s by %s: written again it differs", c.name, format)
			}
		}
	}
}

func ExampleAssemble() {
	source := `
		ld [arch]
		jne #AUDIT_ARCH_X86_64, bad
		ld [nr]
		jeq #2, deny            ; open
		ret #SECCOMP_RET_ALLOW
	deny:	ret #SECCOMP_RET_ERRNO|EPERM
	bad:	ret #SECCOMP_RET_KILL_PROCESS
	`
	a, err := Assemble("filter.bpf", []byte(source), Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(Listing(a.Program))
	// Output:
	//    0          ld [4]                          ; arch
	//    1          jne #0xc000003e, L6             ; arch != x86_64
	//    2          ld [0]                          ; nr
	//    3          jeq #2, L5                      ; nr == open
	//    4          ret #0x7fff0000                 ; allow
	//    5  L5:     ret #0x50001                    ; errno EPERM
	//    6  L6:     ret #0x80000000                 ; kill-process
}
