package main

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/profiles"
)

// TestDecider holds the decider, which looks at a call's own rules only, against
// the reference evaluation: the same verdict by the same rule, at all edges of
// a shipped policy and on a cache that is warm.
func TestDecider(t *testing.T) {
	for _, name := range profiles.Names() {
		p := loadProfile(t, name)
		for _, ph := range p.Phases {
			x := newDecider(ph.Wide())
			compared := 0
			for range 2 {
				for d := range x.rules.Probes(3000) {
					sameDecision(t, x, &d)
					compared++
				}
			}
			if compared < 1000 {
				t.Errorf("%s: compared only %d calls", name, compared)
			}
		}
	}
}

// TestDeciderRandom does so for calls of any ABI and number.
func TestDeciderRandom(t *testing.T) {
	x := newDecider(loadProfile(t, "redis").Phases[0].Wide())
	arches := []uint32{x.rules.Arches[0].Arch.Audit, x.rules.Arches[1].Arch.Audit, 0x40000003, 0}
	rapid.Check(t, func(t *rapid.T) {
		d := bpf.Data{
			Arch: rapid.SampledFrom(arches).Draw(t, "arch"),
			Nr:   rapid.OneOf(rapid.Uint32Range(0, 500), rapid.Uint32()).Draw(t, "nr"),
		}
		for i := range d.Args {
			d.Args[i] = rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64()).Draw(t, "arg")
		}
		sameDecision(t, x, &d)
	})
}

func sameDecision(t interface{ Fatalf(string, ...any) }, x *decider, d *bpf.Data) {
	want, wantRule := x.rules.Evaluate(d)
	got, rule := x.evaluate(d)
	if got != want || rule != wantRule {
		t.Fatalf("%+v: the decider says %s by %v, the reference %s by %v", *d, got, rule, want, wantRule)
	}
}

func loadProfile(t *testing.T, name string) *policy.Policy {
	t.Helper()
	text, ok := profiles.Text(name)
	if !ok {
		t.Fatalf("no profile %s", name)
	}
	p, err := policy.Load(name+".narrow", text, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}
