package proved

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/policy/policytest"
	"github.com/narrow-sandbox/narrow/profiles"
)

// subject is rules that a test is about.
type subject struct {
	name  string
	rules *policy.Rules
}

// shipped is every filter of every shipped profile.
func shipped(t testing.TB) []subject {
	t.Helper()
	var all []subject
	for _, name := range profiles.Names() {
		text, _ := profiles.Text(name)
		p, err := policy.Load(name, text, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, ph := range p.Phases {
			all = append(all, subject{name + "/" + ph.Name, ph.Wide()})
			for _, c := range ph.Classes {
				all = append(all, subject{name + "/" + ph.Name + "/" + c.Name, c.Rules})
			}
		}
	}
	return all
}

// generated is filters of n policies, the same ones each time.
func generated(n int) []subject {
	drawn := policytest.Rules(policytest.Options{Rules: 12})
	all := make([]subject, n)
	for i := range all {
		all[i] = subject{fmt.Sprintf("generated %d", i), drawn.Example(i)}
	}
	return all
}

// TestProofAndCallsAgree compiles and proves every shipped profile and many
// generated policies, and then tries what the proof is about: calls at the
// edges of all conditions, and random ones, through the machine and the
// reference. With NARROW_LONG=1 it is 1,000 policies and ten million calls.
func TestProofAndCallsAgree(t *testing.T) {
	policies, random := 60, 500
	if os.Getenv("NARROW_LONG") == "1" {
		policies, random = 1000, 10_000
	} else if !testing.Short() {
		policies, random = 1000, 1000
	}
	calls := 0
	for i, s := range append(shipped(t), generated(policies)...) {
		program, err := Afresh().Filter(s.rules)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		vm, err := bpf.NewVM(program)
		if err != nil {
			t.Fatal(err)
		}
		try := func(d *bpf.Data) {
			calls++
			want, _ := s.rules.Evaluate(d)
			if got, _ := vm.Run(d); bpf.Action(got).Effect() != want.Action().Effect() {
				t.Fatalf("%s: proved, but for %+v the program says %v and the policy %v", s.name, *d, bpf.Action(got), want)
			}
		}
		var edges []bpf.Data
		for d := range s.rules.Probes(20_000) {
			edges = append(edges, d)
			try(&d)
		}
		mix(edges, random, rand.New(rand.NewPCG(uint64(i), 5)), try)
	}
	t.Logf("%d policies, %d calls", policies, calls)
}

// mix tries calls put together of those at the edges, with some bits flipped.
func mix(edges []bpf.Data, n int, r *rand.Rand, try func(*bpf.Data)) {
	for range n {
		d := edges[r.IntN(len(edges))]
		for i := range d.Args {
			switch r.IntN(4) {
			case 0:
				d.Args[i] = edges[r.IntN(len(edges))].Args[i]
			case 1:
				d.Args[i] ^= 1 << r.IntN(64)
			}
		}
		if r.IntN(8) == 0 {
			d.Nr ^= 1 << r.IntN(32)
		}
		try(&d)
	}
}
