package compile

import (
	"fmt"
	"testing"

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
	for _, shape := range shapes {
		for _, n := range []int{10, 100, 1000, 10_000} {
			r := shaped(shape.rule, n)
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

// shaped is n rules of a shape.
func shaped(rule func(i, n int) *policy.RuleMatch, n int) *policy.Rules {
	var list policy.List
	for i := range n {
		list = append(list, rule(i, n))
	}
	return rulesOf("aarch64", policy.Verdict{}, list)
}
