package verify

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// TestWitnessesAreSmallest compares with the smallest of all calls that would
// do: the fewest fields that are not 0, then the lowest words in their order.
func TestWitnessesAreSmallest(t *testing.T) {
	found := 0
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawTiny(rt), drawTiny(rt)
		s := newSpace(oneByOne)
		s.begin(1<<18, time.Now().Add(time.Minute), 0)
		set := s.combine(opDiffer, s.program(a), s.program(b))
		for _, w := range []int{wordArch, wordNr} { // which would else be known ones
			set = s.and(set, s.anyWord(w, []uint32{0, 1, 2, 3}))
		}
		if set == no {
			return
		}
		found++
		differing := slices.DeleteFunc(everyCall(), func(d bpf.Data) bool {
			v, _, _ := a.Run(&d)
			w, _, _ := b.Run(&d)
			return v == w
		})
		if got, want := s.fewest(set, bpf.Data{}), slices.MinFunc(differing, smaller); got != want {
			rt.Fatalf("the smallest is %+v, not %+v", want, got)
		}
	})
	if found < 20 && !testing.Short() {
		t.Errorf("only %d of the draws differ", found)
	}
}

// TestLowest compares with trying the numbers one after the other.
func TestLowest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSpace(oneByOne)
		s.begin(1<<18, time.Now().Add(time.Minute), 0)
		number := rapid.OneOf(rapid.Uint32Range(0, 40), rapid.Uint32())
		drawn := func(name string) []uint32 {
			numbers := rapid.SliceOf(number).Draw(rt, name)
			slices.Sort(numbers)
			return slices.Compact(numbers)
		}
		set := s.and(s.anyWord(wordNr, drawn("set")), rapid.SampledFrom([]node{yes, s.input(3, 7)}).Draw(rt, "below"))
		numbers := drawn("numbers")
		at := slices.IndexFunc(numbers, func(nr uint32) bool { return s.within1(set, wordNr, nr) != no })
		got, ok := s.lowest(set, numbers, 31)
		if ok != (at >= 0) || ok && got != numbers[at] {
			rt.Fatalf("%d %v, want the one at %d", got, ok, at)
		}
	})
}

// smaller orders calls.
func smaller(a, b bpf.Data) int {
	used := func(d bpf.Data) (n int) {
		for f := range fields {
			if *fieldOf(&d, f) != 0 {
				n++
			}
		}
		return n
	}
	return cmp.Or(cmp.Compare(used(a), used(b)), cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Nr, b.Nr),
		slices.Compare(a.Args[:], b.Args[:]), cmp.Compare(a.IP, b.IP))
}

func TestWitnessesAreOfKnownCalls(t *testing.T) {
	x, _ := abi.ByName("x86_64")
	a, _ := abi.ByName("aarch64")
	deny := func(arch *abi.Arch, low, high uint64) *policy.Rules {
		r := x8664Rules(allow, &policy.RuleMatch{Verdict: eperm, Numbers: []policy.Range{{Low: low, High: high}}})
		r.Arches[0].Arch, r.Else = arch, allow
		return r
	}
	for _, c := range []struct {
		name  string
		rules *policy.Rules
		want  bpf.Data
	}{
		{"a number that has a name, though a lower one has none", deny(x, 387, 430), bpf.Data{Arch: x.Audit, Nr: 424}},
		{"no number has a name", deny(x, 5000, 6000), bpf.Data{Arch: x.Audit, Nr: 5000}},
		{"another architecture", deny(a, 0, 3), bpf.Data{Arch: a.Audit, Nr: 0}},
	} {
		p := New(Limits{})
		r, err := p.Equal(p.Rules(c.rules), p.Stack())
		if err != nil {
			t.Fatal(err)
		}
		if r.Answer != No || r.Witness.Call != c.want {
			t.Errorf("%s: %v %+v, want %+v", c.name, r.Answer, r.Witness, c.want)
		}
	}
}
