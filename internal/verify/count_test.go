package verify

import (
	"math"
	"math/big"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

func TestCounts(t *testing.T) {
	x, _ := abi.ByName("x86_64")
	i, _ := abi.ByName("i386")
	ar := func(a *abi.Arch, rules ...*policy.RuleMatch) *policy.Rules {
		list := append(policy.List(rules), &policy.RuleMatch{Numbers: []policy.Range{{Low: 0, High: 1<<32 - 1}}})
		return &policy.Rules{Arches: []*policy.ArchRules{{Arch: a, Lists: []policy.List{list}}}}
	}
	const rest = 64 + 6*64 // bits of ip and arguments
	for _, c := range []struct {
		name  string
		arch  *abi.Arch
		rules *policy.Rules
		want  float64 // as a power of two
		of    float64
	}{
		{"nothing", x, ar(x), math.Inf(-1), 31 + rest},
		{"one call", x, ar(x, rule(allow, 1)), rest, 31 + rest},
		{"one call with one int", x, ar(x, rule(allow, 1, arg(0, 32, 7, 7))), rest - 32, 31 + rest},
		{"one call with eight longs", x, ar(x, rule(allow, 1, arg(3, 64, 8, 15))), rest - 61, 31 + rest},
		{"three calls", x, ar(x, rule(allow, 1), rule(allow, 5), rule(allow, 9)), rest + math.Log2(3), 31 + rest},
		{"another arch", x, ar(i, rule(allow, 1)), math.Inf(-1), 31 + rest},
		{"registers of 32 bits", i, ar(i, rule(allow, 1)), 32 + 6*32, 32 + 32 + 6*32},
		{"trace may run", x, ar(x, rule(policy.Verdict{Kind: policy.Trace, Data: 3}, 1)), rest, 31 + rest},
		{"errno may not", x, ar(x, rule(eperm, 1)), math.Inf(-1), 31 + rest},
	} {
		p := New(Limits{})
		got, err := p.Count(p.Rules(c.rules), c.arch)
		if err != nil {
			t.Fatal(err)
		}
		of := Count{Calls: got.Of}
		if got.Log2() != c.want && math.Abs(got.Log2()-c.want) > 1e-9 || of.Log2() != c.of {
			t.Errorf("%s: 2^%v of 2^%v, want 2^%v of 2^%v", c.name, got.Log2(), of.Log2(), c.want, c.of)
		}
	}
}

// TestCountsAreThoseOfEveryCall counts the calls of tiny programs one by one.
func TestCountsAreThoseOfEveryCall(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		code := drawTiny(rt)
		p := New(Limits{})
		m := program(rt, p, code)
		if _, err := p.Equal(m, m); err != nil { // makes the space
			rt.Fatal(err)
		}
		s := p.spaces[oneByOne]
		want := int64(0)
		for _, call := range everyCall() {
			if v, _, _ := code.Run(&call); v == bpf.RetAllow {
				want++
			}
		}
		// Each of the calls stands for all that have the same two bits in five words.
		all := new(big.Int).Lsh(big.NewInt(want), levels-5*2)
		if got := s.count(s.is(s.function(m), bpf.RetAllow)); got.Cmp(all) != 0 {
			rt.Fatalf("%v calls, want %v", got, all)
		}
	})
}
