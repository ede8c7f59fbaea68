package verify

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"pgregory.net/rapid"
)

// mutations are the ways in which a compiler could get an instruction wrong.
// Each returns false where it does not apply.
var mutations = []struct {
	name  string
	apply func(r *rand.Rand, i *bpf.Instruction) bool
}{
	{"flipped jump", func(_ *rand.Rand, i *bpf.Instruction) bool {
		i.Jt, i.Jf = i.Jf, i.Jt
		return branches(i)
	}},
	{"true arm one further", func(_ *rand.Rand, i *bpf.Instruction) bool { i.Jt++; return branches(i) }},
	{"false arm one further", func(_ *rand.Rand, i *bpf.Instruction) bool { i.Jf++; return branches(i) }},
	{"true arm lost", func(_ *rand.Rand, i *bpf.Instruction) bool { i.Jt = i.Jf; return branches(i) }},
	{"false arm lost", func(_ *rand.Rand, i *bpf.Instruction) bool { i.Jf = i.Jt; return branches(i) }},
	{"constant one more", func(_ *rand.Rand, i *bpf.Instruction) bool { i.K++; return branches(i) || alu(i) }},
	{"constant one less", func(_ *rand.Rand, i *bpf.Instruction) bool { i.K--; return branches(i) || alu(i) }},
	{"constant with a bit flipped", func(r *rand.Rand, i *bpf.Instruction) bool {
		i.K ^= 1 << r.IntN(32)
		return branches(i) || alu(i) || i.Class() == bpf.RET
	}},
	{"greater for greater or equal", func(_ *rand.Rand, i *bpf.Instruction) bool {
		i.Code ^= bpf.JGT ^ bpf.JGE
		return branches(i) && (i.Op() == bpf.JGT || i.Op() == bpf.JGE)
	}},
	{"bit test for equality", func(_ *rand.Rand, i *bpf.Instruction) bool {
		i.Code ^= bpf.JEQ ^ bpf.JSET
		return branches(i) && (i.Op() == bpf.JEQ || i.Op() == bpf.JSET)
	}},
	{"the other half of the word", func(_ *rand.Rand, i *bpf.Instruction) bool { i.K ^= 4; return loads(i) }},
	{"the next argument", func(_ *rand.Rand, i *bpf.Instruction) bool { i.K += 8; return loads(i) && i.K < 64 }},
	{"high word lost", func(_ *rand.Rand, i *bpf.Instruction) bool {
		ok := loads(i)
		*i = bpf.Stmt(bpf.LD|bpf.IMM, 0)
		return ok
	}},
	{"mask lost", func(_ *rand.Rand, i *bpf.Instruction) bool { i.K = 0xffffffff; return alu(i) }},
	{"another verdict", func(r *rand.Rand, i *bpf.Instruction) bool {
		i.K = returnValues[r.IntN(len(returnValues))]
		return i.Class() == bpf.RET
	}},
}

func branches(i *bpf.Instruction) bool { return i.Class() == bpf.JMP && i.Op() != bpf.JA }
func alu(i *bpf.Instruction) bool      { return i.Class() == bpf.ALU && i.Src() == bpf.K }
func loads(i *bpf.Instruction) bool    { return i.Code == bpf.LD|bpf.W|bpf.ABS }

// TestMutants breaks right programs in every way above. Each mutant must be
// refuted with a witness, or proved equal and then also do the same on every
// call that is tried. It prints how many of each there were.
func TestMutants(t *testing.T) {
	killed, survived, refused := map[string]int{}, map[string]int{}, 0
	rapid.Check(t, func(rt *rapid.T) {
		rules := oneList(drawRules(rt))
		code := linear(rules)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 2))
		tried := calls(append(constantsOf(code), constantsOfRules(rules)...), 3, 1000)
		p := New(Limits{})
		right := p.Rules(rules)
		for range mutantsEach() {
			kind := mutations[r.IntN(len(mutations))]
			mutant := append(bpf.Program{}, code...)
			if !kind.apply(r, &mutant[r.IntN(len(mutant))]) {
				continue
			}
			m, err := p.Program(mutant)
			if err != nil {
				refused++
				continue
			}
			result, err := p.Equal(m, right)
			switch {
			case err != nil:
				rt.Fatal(err)
			case result.Answer == No:
				killed[kind.name]++
			case result.Answer == Unknown:
				rt.Fatal(result.Reason)
			default:
				survived[kind.name]++
				sameOn(rt, kind.name, mutant, right, tried)
			}
		}
	})
	report(t, killed, survived, refused)
}

func mutantsEach() int {
	if os.Getenv("NARROW_LONG") == "1" {
		return 1000
	}
	return 60
}

func sameOn(rt *rapid.T, name string, mutant bpf.Program, right *Meaning, tried []bpf.Data) {
	vm, err := bpf.NewVM(mutant)
	if err != nil {
		rt.Fatal(err)
	}
	for i := range tried {
		got, _ := vm.Run(&tried[i])
		want, err := right.source.answer(&tried[i])
		if err != nil || canonical(bpf.Action(got)) != canonical(want) {
			rt.Fatalf("%s: a mutant was proved equal, but returns %v for %+v instead of %v", name, bpf.Action(got), tried[i], want)
		}
	}
}

func report(t *testing.T, killed, survived map[string]int, refused int) {
	all, alive := 0, 0
	for _, kind := range mutations {
		k, s := killed[kind.name], survived[kind.name]
		all, alive = all+k+s, alive+s
		t.Logf("%-30s %6d killed, %6d proved equal", kind.name, k, s)
		// A short run may happen to draw no program that a kind of mutation fits, or a few in which it changes nothing.
		if k == 0 && (s > 9 || !testing.Short()) {
			t.Errorf("no mutant by %q was ever killed", kind.name)
		}
	}
	t.Logf("%d mutants: %d killed with a confirmed witness, %d proved equal; %d more are not admitted", all, all-alive, alive, refused)
}
