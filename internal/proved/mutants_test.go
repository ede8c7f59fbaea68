package proved

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
)

// breaks are the ways in which the compiler could have got a program wrong.
// Each changes an instruction, and returns false where it does not apply.
var breaks = []struct {
	name  string
	apply func(r *rand.Rand, in *bpf.Instruction) bool
}{
	{"flipped jump", func(_ *rand.Rand, in *bpf.Instruction) bool {
		in.Code ^= bpf.JGT ^ bpf.JGE
		return conditional(in) && (in.Op() == bpf.JGT || in.Op() == bpf.JGE)
	}},
	{"swapped arms", func(_ *rand.Rand, in *bpf.Instruction) bool {
		in.Jt, in.Jf = in.Jf, in.Jt
		return conditional(in) && in.Jt != in.Jf
	}},
	{"arm one further", func(r *rand.Rand, in *bpf.Instruction) bool {
		if r.IntN(2) == 0 {
			in.Jt++
		} else {
			in.Jf++
		}
		return conditional(in)
	}},
	{"wrong constant", func(r *rand.Rand, in *bpf.Instruction) bool {
		in.K += []uint32{1, 0xffffffff, 1 << r.IntN(32)}[r.IntN(3)]
		return in.Class() != bpf.LD && in.Code != bpf.JMP|bpf.JA
	}},
	{"lost high word", func(_ *rand.Rand, in *bpf.Instruction) bool {
		high := in.Class() == bpf.LD && in.K >= bpf.OffArgs && in.K%8 == 4
		*in = bpf.Stmt(bpf.LD|bpf.IMM, 0)
		return high
	}},
	{"the other half", func(_ *rand.Rand, in *bpf.Instruction) bool { in.K ^= 4; return in.Class() == bpf.LD }},
	{"test dropped", func(_ *rand.Rand, in *bpf.Instruction) bool { in.Jf = in.Jt; return conditional(in) }},
}

func conditional(in *bpf.Instruction) bool {
	return in.Class() == bpf.JMP && in.Op() != bpf.JA
}

// TestBrokenCompiler breaks programs that the compiler emitted, in each way at
// each place where it applies. A mutant is caught with a witness on which the
// machine and the policy differ, or it is proved equal, and then it also
// answers every call alike that is tried. It prints the kill count.
func TestBrokenCompiler(t *testing.T) {
	subjects := append(shipped(t)[:1], generated(25)...)
	each := 40
	if os.Getenv("NARROW_LONG") == "1" {
		subjects, each = append(shipped(t), generated(300)...), 0
	}
	killed, equal, refused := map[string]int{}, map[string]int{}, 0
	for n, s := range subjects {
		program, err := Afresh().Filter(s.rules)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(uint64(n), 3))
		v := verify.New(verify.Limits{})
		for _, at := range places(len(program), each, r) {
			for _, b := range breaks {
				mutant := slices.Clone(program)
				if !b.apply(r, &mutant[at]) || slices.Equal(mutant, program) {
					continue
				}
				err := same(v, mutant, s.rules)
				var found *Error
				switch {
				case err == nil:
					equal[b.name]++
					survivor(t, s, b.name, mutant)
				case !errors.As(err, &found):
					refused++ // by the kernel's own rules
				case found.Result.Answer != verify.No:
					t.Errorf("%s, %s at %d: %v", s.name, b.name, at, err)
				default:
					killed[b.name]++
					differs(t, s, b.name, mutant, found.Result.Witness)
				}
			}
		}
	}
	all, alive := 0, 0
	for _, b := range breaks {
		all, alive = all+killed[b.name]+equal[b.name], alive+equal[b.name]
		t.Logf("%-16s %6d killed, %5d proved equal", b.name, killed[b.name], equal[b.name])
		if killed[b.name] == 0 {
			t.Errorf("no mutant by %q was killed", b.name)
		}
	}
	t.Logf("%d mutants of %d programs: %d killed with a confirmed witness, %d proved equal; %d more are not admitted", all, len(subjects), all-alive, alive, refused)
}

// places are n instructions of a program, or all.
func places(length, n int, r *rand.Rand) []int {
	all := r.Perm(length)
	if n > 0 && n < length {
		all = all[:n]
	}
	return all
}

// differs confirms a witness by the machine and the reference.
func differs(t *testing.T, s subject, name string, mutant bpf.Program, w *verify.Witness) {
	t.Helper()
	value, _, err := mutant.Run(&w.Call)
	if err != nil {
		t.Fatal(err)
	}
	// An unknown action kills as kill-process does, but ranks elsewhere in a stack.
	got := bpf.Action(value)
	if want, _ := s.rules.Evaluate(&w.Call); got.Known() && got.Effect() == want.Action().Effect() {
		t.Errorf("%s, %s: the witness %+v shows nothing", s.name, name, w.Call)
	}
}

// survivor tries calls on a mutant that is proved equal.
func survivor(t *testing.T, s subject, name string, mutant bpf.Program) {
	t.Helper()
	vm, err := bpf.NewVM(mutant)
	if err != nil {
		t.Fatal(err)
	}
	for d := range s.rules.Probes(2000) {
		value, _ := vm.Run(&d)
		if want, _ := s.rules.Evaluate(&d); bpf.Action(value).Effect() != want.Action().Effect() {
			t.Fatalf("%s, %s: proved equal, but %+v gets %v instead of %v", s.name, name, d, bpf.Action(value), want)
		}
	}
}
