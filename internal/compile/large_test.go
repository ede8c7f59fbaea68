package compile

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

var allNumbers = []policy.Range{{Low: 0, High: maxWord}}

// scattered is n rules of aarch64, each for one number of a table of 2n and with
// a condition if conds, so that nothing merges and jumps are long.
func scattered(n int, conds bool) *policy.Rules {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	arm, _ := abi.ByName("aarch64")
	var list policy.List
	for i := range n {
		rule := &policy.RuleMatch{
			Verdict: policy.Verdict{Kind: policy.Errno, Data: uint16(1 + random.IntN(9))},
			Numbers: []policy.Range{{Low: uint64(2 * i), High: uint64(2 * i)}},
		}
		if conds {
			value := uint64(random.IntN(1 << 20))
			rule.Conds = []policy.Cond{{Operand: policy.Operand{Reg: int8(random.IntN(6)), High: -1, Bits: 32},
				Mask: maxWord, Ranges: []policy.Range{{Low: value, High: value + uint64(random.IntN(2))}}}}
		}
		list = append(list, rule)
	}
	list = append(list, &policy.RuleMatch{Verdict: policy.Verdict{Kind: policy.Allow}, Numbers: allNumbers})
	return &policy.Rules{Arches: []*policy.ArchRules{{Arch: arm, Lists: []policy.List{list}}}}
}

// TestLarge has jumps far beyond 255.
func TestLarge(t *testing.T) {
	for _, n := range []int{100, 300, 600, 900} {
		for _, conds := range []bool{false, true} {
			r := scattered(n, conds)
			p := compiled(t, r)
			jumps := 0
			for _, i := range p {
				if i.Code == opJump {
					jumps++
				}
			}
			t.Logf("%d rules, conditions %v: %d instructions, %d of them ja", n, conds, len(p), jumps)
			vm := machine(t, p)
			for _, d := range manyCalls(r, 7, 100_000) {
				sameVerdict(t, r, vm, &d)
			}
		}
	}
}

// TestThrifty holds that what is only too long for being quick is made short.
func TestThrifty(t *testing.T) {
	saved := 0
	for _, r := range []*policy.Rules{scattered(300, true), shaped(shapes[1].rule, 300), shaped(shapes[1].rule, 3800)} {
		quick, short := assemble(r, Options{}, false), assemble(r, Options{}, true)
		t.Logf("%d rules: %d instructions, thrifty %d", len(r.Arches[0].Lists[0]), len(quick), len(short))
		if len(short) > len(quick) {
			t.Errorf("thrift makes %d instructions of %d", len(short), len(quick))
		}
		if len(quick) > maxInstructions {
			saved++
		}
		vm := machine(t, compiled(t, r))
		for _, d := range manyCalls(r, 3, 20_000) {
			sameVerdict(t, r, vm, &d)
		}
	}
	if saved == 0 {
		t.Error("no program was admitted by thrift alone")
	}
}

// TestTooLarge cannot be admitted by any kernel.
func TestTooLarge(t *testing.T) {
	for _, n := range []int{1150, 4000} {
		p, err := Compile(scattered(n, true), Options{})
		var size *SizeError
		if !errors.As(err, &size) || size.Instructions <= bpf.MAXINSNS || p != nil {
			t.Errorf("%d rules: %v", n, err)
		}
	}
}

// TestEntangled has rules whose ordered diagram would be exponentially large.
func TestEntangled(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	arm, _ := abi.ByName("aarch64")
	arg := func(i int) policy.Cond {
		v := random.Uint64N(1 << 32)
		return policy.Cond{Operand: policy.Operand{Reg: int8(i % 6), High: -1, Bits: 64}, Mask: 1<<64 - 1,
			Ranges: []policy.Range{{Low: v, High: v + 3}}}
	}
	var list policy.List
	for i := range 200 {
		list = append(list, &policy.RuleMatch{
			Verdict: policy.Verdict{Kind: policy.Errno, Data: uint16(1 + i%7)},
			Numbers: []policy.Range{{Low: 1, High: 1}},
			Conds:   []policy.Cond{arg(i), arg(i + 1 + i/6%5)},
		})
	}
	list = append(list, &policy.RuleMatch{Verdict: policy.Verdict{Kind: policy.Allow}, Numbers: allNumbers})
	r := &policy.Rules{Arches: []*policy.ArchRules{{Arch: arm, Lists: []policy.List{list, list[180:]}}}}
	p := compiled(t, r)
	t.Logf("%d instructions", len(p))
	vm := machine(t, p)
	for _, d := range manyCalls(r, 7, 20_000) {
		sameVerdict(t, r, vm, &d)
	}
	for _, rule := range list[:200] {
		d := bpf.Data{Arch: arm.Audit, Nr: 1}
		for _, c := range rule.Conds {
			d.Args[c.Operand.Reg] = c.Ranges[0].Low
		}
		sameVerdict(t, r, vm, &d)
	}
}
