package compile

import (
	"fmt"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// shapes of policies of n rules: what there is much of.
var shapes = []struct {
	name string
	rule func(i, n int) *policy.RuleMatch
}{
	{"calls", func(i, n int) *policy.RuleMatch { // every second number
		return ruleAt(uint64(2*i), policy.Allow)
	}},
	{"values", func(i, n int) *policy.RuleMatch { // of one argument of one call
		return ruleAt(1, policy.Allow, isValue(0, uint64(i)*7919))
	}},
	{"pairs", func(i, n int) *policy.RuleMatch { // of values of two arguments
		return ruleAt(1, policy.Allow, isValue(i%6, uint64(i)*7919), isValue((i+1+i/6%5)%6, uint64(i)*104729))
	}},
	{"spread", func(i, n int) *policy.RuleMatch { // over 400 calls
		return ruleAt(uint64(i%400), policy.Allow, isValue(i%6, uint64(i)*7919))
	}},
}

func ruleAt(nr uint64, kind policy.Kind, conds ...policy.Cond) *policy.RuleMatch {
	return &policy.RuleMatch{Verdict: policy.Verdict{Kind: kind}, Numbers: []policy.Range{{Low: nr, High: nr}}, Conds: conds}
}

func isValue(reg int, v uint64) policy.Cond {
	return policy.Cond{Operand: policy.Operand{Reg: int8(reg), High: -1, Bits: 64}, Mask: 1<<64 - 1,
		Ranges: []policy.Range{{Low: v, High: v}}}
}

// BenchmarkGrowth shows that the time for a rule does not grow with their
// number. The larger programs are no longer admitted, but are made.
func BenchmarkGrowth(b *testing.B) {
	arm, _ := abi.ByName("aarch64")
	for _, shape := range shapes {
		for _, n := range []int{10, 100, 1000, 10_000} {
			var list policy.List
			for i := range n {
				list = append(list, shape.rule(i, n))
			}
			list = append(list, &policy.RuleMatch{Numbers: allNumbers})
			r := &policy.Rules{Arches: []*policy.ArchRules{{Arch: arm, Lists: []policy.List{list}}}}
			b.Run(fmt.Sprintf("%s/%d", shape.name, n), func(b *testing.B) {
				size := 0
				for b.Loop() {
					p, err := Compile(r, Options{})
					size = len(p)
					if s, ok := err.(*SizeError); ok {
						size = s.Instructions
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/rule")
				b.ReportMetric(float64(size), "instructions")
			})
		}
	}
}
