package verify

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// typical is rules like those of a server's policy: n calls of each arch, one
// in every with conditions of the kinds that policies have, ENOSYS for numbers
// beyond the tables.
func typical(n, every int, names ...string) *policy.Rules {
	r := &policy.Rules{}
	for _, name := range names {
		a, ok := abi.ByName(name)
		if !ok {
			panic(name)
		}
		r.Arches = append(r.Arches, &policy.ArchRules{Arch: a, Lists: []policy.List{typicalList(n, every, a)}})
	}
	return r
}

func typicalList(n, every int, a *abi.Arch) policy.List {
	var l policy.List
	numbers := numbersOf(a)
	allow := policy.Verdict{Kind: policy.Allow}
	for i := range n {
		nr := uint64(numbers[i*7%len(numbers)])
		m := &policy.RuleMatch{Verdict: allow, Numbers: []policy.Range{{Low: nr, High: nr}}}
		if i%every == 0 {
			m.Conds = typicalConds(i/every, a)
		}
		l = append(l, m)
	}
	last := uint64(numbers[len(numbers)-1])
	top := last | 0x3fffffff
	return append(l,
		&policy.RuleMatch{Verdict: policy.Verdict{Kind: policy.Errno, Data: 38}, Numbers: []policy.Range{{Low: last + 1, High: top}}},
		&policy.RuleMatch{Numbers: []policy.Range{{Low: 0, High: 1<<32 - 1}}})
}

func typicalConds(i int, a *abi.Arch) []policy.Cond {
	word := policy.Operand{Reg: int8(i % 4), High: -1, Bits: 32}
	long := policy.Operand{Reg: int8(i % 5), High: -1, Bits: uint8(a.Register)}
	all := uint64(1)<<a.Register - 1
	v := uint64(i)
	switch i % 6 {
	case 0: // fd in {1, 2}
		return []policy.Cond{{Operand: word, Mask: 1<<32 - 1, Ranges: []policy.Range{{Low: 1, High: 2}}}}
	case 1: // prot lacks PROT_EXEC
		return []policy.Cond{{Operand: word, Mask: 4, Ranges: []policy.Range{{Low: 0, High: 0}}}}
	case 2: // cmd in {...}
		var set []policy.Range
		for j := range v % 9 {
			set = append(set, policy.Range{Low: 0x5401 + 3*j, High: 0x5401 + 3*j})
		}
		return []policy.Cond{{Operand: word, Mask: 1<<32 - 1, Ranges: append(set, policy.Range{Low: 0x8000, High: 0x8000})}}
	case 3: // family == .., type & MASK == ..
		other := policy.Operand{Reg: (word.Reg + 1) % 6, High: -1, Bits: 32}
		return []policy.Cond{{Operand: word, Mask: 1<<32 - 1, Ranges: []policy.Range{{Low: v % 17, High: v % 17}}},
			{Operand: other, Mask: 0xf, Ranges: []policy.Range{{Low: 1, High: 1}}}}
	case 4: // len <= N, 64 bits
		return []policy.Cond{{Operand: long, Mask: all, Ranges: []policy.Range{{Low: 0, High: 1<<20 + v}}}}
	}
	// signed fd > 2
	return []policy.Cond{{Operand: word, Mask: 1<<32 - 1, Ranges: []policy.Range{{Low: 3, High: 1<<31 - 1}}}}
}

// BenchmarkEqual proves programs equal to their rules, from nothing. The
// programs are long chains: what a compiler without any wit makes.
func BenchmarkEqual(b *testing.B) {
	for _, size := range []struct {
		rules, every int
		arches       []string
	}{
		{150, 3, []string{"x86_64", "aarch64"}},
		{350, 10, []string{"x86_64"}},
		{400, 8, []string{"x86_64", "aarch64", "riscv64"}},
		{400, 8, []string{"x86_64", "i386", "s390x"}},
	} {
		r := typical(size.rules, size.every, size.arches...)
		code := linear(r)
		b.Run(fmt.Sprintf("rules=%d/arches=%d/instructions=%d", size.rules, len(size.arches), len(code)), func(b *testing.B) {
			b.ReportAllocs()
			var nodes int
			for b.Loop() {
				p := New(Limits{})
				m, err := p.Program(code)
				if err != nil {
					b.Fatal(err)
				}
				result, err := p.Equal(m, p.Rules(r))
				if err != nil || result.Answer != Yes {
					b.Fatalf("%+v %v", result, err)
				}
				nodes = len(p.spaces[0].nodes)
			}
			b.ReportMetric(float64(nodes), "nodes")
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-of-process")
		})
	}
}
