package verify

import (
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// holds is what a part says of a call.
func (p *Part) holds(d *bpf.Data) bool {
	v := d.Args[p.Register] & (1<<p.Bits - 1)
	if p.Mask != 0 {
		return (v&p.Mask == p.Value) != p.Not
	}
	for _, r := range p.Ranges {
		if r.Low <= v && v <= r.High {
			return true
		}
	}
	return false
}

// TestPartsAreExact draws conditions on one argument, and holds what Diff says
// of them against each answer at their edges.
func TestPartsAreExact(t *testing.T) {
	parts := 0
	x86, _ := abi.ByName("x86_64")
	call, _ := x86.Call("socket")
	rapid.Check(t, func(rt *rapid.T) {
		cond := drawCond(rt)
		if cond.Operand.High >= 0 {
			return // of two registers
		}
		rules := x8664Rules(eperm, &policy.RuleMatch{Verdict: allow, Numbers: []policy.Range{{Low: uint64(call.Nr), High: uint64(call.Nr)}}, Conds: []policy.Cond{cond}})
		none := x8664Rules(eperm)
		p := New(Limits{})
		diff, err := p.Diff(p.Rules(none), p.Rules(rules))
		if err != nil || len(diff) > 1 {
			rt.Fatalf("%v %v", diff, err)
		}
		if len(diff) == 0 || diff[0].Part == nil {
			return
		}
		parts++
		for d := range rules.Probes(2000) {
			if d.Nr != call.Nr || d.Arch != x86.Audit {
				continue
			}
			if got, want := diff[0].Part.holds(&d), cond.Holds(&d); got != want {
				rt.Fatalf("%+v of %+v says %v of %+v, want %v", diff[0].Part, cond, got, d, want)
			}
		}
	})
	if parts == 0 {
		t.Error("no part was ever found")
	}
}
