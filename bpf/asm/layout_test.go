package asm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
)

// branch is a line of a source of tests and returns: A == k goes to yes, else
// to no, both numbers of lines; a return gives k.
type branch struct {
	ret     bool
	k       uint32
	yes, no int
}

// branches draws lines whose jumps are near, far, and just within reach.
func branches(t *rapid.T) []branch {
	n := rapid.SampledFrom([]int{3, 200, 257, 258, 300, 600, 1500}).Draw(t, "lines")
	lines := make([]branch, n)
	for i := range lines {
		lines[i] = branch{ret: true, k: uint32(i)}
	}
	for range rapid.IntRange(1, 40).Draw(t, "tests") {
		i := rapid.IntRange(0, n-2).Draw(t, "line")
		ahead := rapid.OneOf(rapid.IntRange(i+1, n-1), rapid.Map(rapid.IntRange(253, 258), func(d int) int { return min(i+d, n-1) }))
		lines[i] = branch{k: rapid.Uint32Range(0, 3).Draw(t, "k"), yes: ahead.Draw(t, "yes"), no: rapid.OneOf(rapid.Just(i+1), ahead).Draw(t, "no")}
	}
	return lines
}

// text writes lines as a source. Where no is the next line it may be left out.
func text(lines []branch) string {
	var b strings.Builder
	b.WriteString("\tld [nr]\n")
	for i, l := range lines {
		switch {
		case l.ret:
			fmt.Fprintf(&b, "l%d:\tret #%d\n", i, l.k)
		case l.no == i+1 && l.k%2 == 0:
			fmt.Fprintf(&b, "l%d:\tjeq #%d, l%d\n", i, l.k, l.yes)
		default:
			fmt.Fprintf(&b, "l%d:\tjeq #%d, l%d, l%d\n", i, l.k, l.yes, l.no)
		}
	}
	return b.String()
}

// follow is what the lines mean: the value for a call number.
func follow(lines []branch, nr uint32) uint32 {
	i := 0
	for !lines[i].ret {
		if nr == lines[i].k {
			i = lines[i].yes
		} else {
			i = lines[i].no
		}
	}
	return lines[i].k
}

// TestLongJumps runs programs with jumps of every length against their meaning.
func TestLongJumps(t *testing.T) {
	long := 0
	rapid.Check(t, func(t *rapid.T) {
		lines := branches(t)
		a, err := Assemble("x", []byte(text(lines)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Program) > len(lines)+1 {
			long++
		}
		vm, err := bpf.NewVM(a.Program)
		if err != nil {
			t.Fatal(err)
		}
		for nr := range uint32(5) {
			want := follow(lines, nr)
			if got, _ := vm.Run(&bpf.Data{Nr: nr}); got != want {
				t.Fatalf("nr %d: %d, want %d", nr, got, want)
			}
		}
		placesHold(t, lines, a)
	})
	if long == 0 {
		t.Error("no program needed a long jump")
	}
}

// placesHold checks that each instruction is placed at its line, an inserted
// one at the line before which it is needed.
func placesHold(t *rapid.T, lines []branch, a *Assembly) {
	last := 0
	for pc, in := range a.Program {
		line := a.Place(pc).Line
		inserted := in.Code == bpf.JMP|bpf.JA
		if line != last && (line != last+1 || inserted) || line == last && !inserted {
			t.Fatalf("instruction %d (%v) is placed in line %d after line %d", pc, in, line, last)
		}
		last = line
	}
	if last != len(lines)+1 {
		t.Fatalf("the last instruction is placed in line %d of %d", last, len(lines)+1)
	}
}

// TestFewLongJumps: tests beside each other that jump to the same far place
// share one long jump.
func TestFewLongJumps(t *testing.T) {
	source := "\tld [nr]\n" + strings.Repeat("\tjeq #1, far\n", 100) + strings.Repeat("\tret #0\n", 300) + "far:\tret #1\n"
	a, err := Assemble("x", []byte(source), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if inserted := len(a.Program) - 402; inserted != 1 {
		t.Errorf("%d long jumps were inserted, want 1", inserted)
	}
}

// TestJumpByNumbers: no long jump may come between a jump by numbers and its
// target.
func TestJumpByNumbers(t *testing.T) {
	far := "ld [0]\njeq #1, far\n.insn 0x15, 0, 1, 5\n" + strings.Repeat("ret #0\n", 300) + "far: ret #1\n"
	_, err := Assemble("x", []byte(far), Options{})
	if err == nil || !strings.Contains(err.Error(), "x:3:1: a jump by numbers") {
		t.Errorf("got %v", err)
	}
}

// TestAsmRoundTrip: the text of any program assembles to the same bytes, with
// every check but seccomp's, and what seccomp admits with that one too.
func TestAsmRoundTrip(t *testing.T) {
	programs := rapid.OneOf(bpftest.Program(), bpftest.Mutated(), bpftest.Valid(), rapid.Custom(instructions))
	many(t, func(t *rapid.T) {
		p := programs.Draw(t, "program")
		if len(p) == 0 {
			return
		}
		source := mustAppend(t, Asm, p)
		targets := []Target{Socket}
		if p.Check() == nil {
			targets = append(targets, Seccomp)
		}
		for _, target := range targets {
			a, err := Assemble("x", source, Options{For: target})
			if err != nil {
				t.Fatalf("%v\n%s", err, source)
			}
			if !slices.Equal(a.Program, p) {
				t.Fatalf("got %v\n%s", a.Program, source)
			}
			if len(a.Warnings) > 0 && target == Seccomp {
				t.Fatalf("%v\n%s", a.Warnings[0], source)
			}
		}
	})
}

// TestCheckedAsBpf: what the assembler says of a seccomp filter is what
// bpf.Check says.
func TestCheckedAsBpf(t *testing.T) {
	refused := 0
	many(t, func(t *rapid.T) {
		p := rapid.OneOf(bpftest.Mutated(), bpftest.Program(), bpftest.Scratch()).Draw(t, "program")
		if len(p) == 0 {
			return
		}
		_, err := Assemble("x", mustAppend(t, Asm, p), Options{})
		if want := p.Check(); (err == nil) != (want == nil) {
			t.Fatalf("got %v, want %v\n%s", err, want, Listing(p))
		}
		if err != nil {
			refused++
		}
	})
	if refused == 0 {
		t.Error("nothing was refused")
	}
}
