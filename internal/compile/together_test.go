package compile

import (
	"strconv"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// dockerOn is Docker's unconditional calls, and write only to stdout, by name on
// some architectures.
func dockerOn(t testing.TB, names ...string) *policy.Rules {
	x86, _ := abi.ByName("x86_64")
	var all policy.Rules
	for _, name := range names {
		a, _ := abi.ByName(name)
		var list policy.List
		if write, ok := a.Call("write"); ok {
			list = append(list, rule(allow, uint64(write.Nr), cond(0, 32, maxWord, to(0, 1))), rule(deny(9), uint64(write.Nr)))
		}
		for _, r := range dockerAllowed(t) {
			for nr := r.Low; nr <= r.High; nr++ {
				call, ok := x86.Number(uint32(nr))
				if !ok {
					continue
				}
				if own, ok := a.Call(call.Name); ok {
					list = append(list, rule(allow, uint64(own.Nr)))
				}
			}
		}
		all.Arches = append(all.Arches, rulesOf(name, deny(1), list).Arches...)
	}
	return &all
}

// TestTogether holds that tables much alike share a search, and that others do
// not suffer.
func TestTogether(t *testing.T) {
	for _, test := range []struct {
		arches       []string
		instructions int // at most, in percent of those of the programs alone
	}{
		{[]string{"aarch64", "riscv64", "loongarch64"}, 60},
		{[]string{"x86_64", "aarch64"}, 100},
		{[]string{"x86_64", "i386", "x32"}, 100},
		{[]string{"mips64", "mips64el"}, 100},
		{[]string{"ppc", "ppc64", "ppc64le"}, 75},
	} {
		together := dockerOn(t, test.arches...)
		p := compiled(t, together)
		vm := machine(t, p)
		for _, d := range manyCalls(together, 5, 20_000) {
			sameVerdict(t, together, vm, &d)
		}
		alone := 0
		for _, name := range test.arches {
			alone += len(compiled(t, dockerOn(t, name)))
		}
		t.Logf("%v: %d instructions, alone %d", test.arches, len(p), alone)
		if 100*len(p) > test.instructions*alone {
			t.Errorf("want at most %d%%", test.instructions)
		}
		for _, a := range together.Arches {
			checkConstant(t, p, a)
		}
	}
}

// checkConstant holds that asking for the arch again keeps the bitmap.
func checkConstant(t *testing.T, p bpf.Program, a *policy.ArchRules) {
	t.Helper()
	for nr := range uint32(500) {
		nr |= a.Arch.NumberBit
		if surelyAllowed(a, uint64(nr)) && !p.ConstantAllow(a.Arch.Audit, nr) {
			t.Errorf("%s %d is not constant", a.Arch, nr)
		}
	}
}

// BenchmarkArches compiles for two architectures, and for all.
func BenchmarkArches(b *testing.B) {
	var all []string
	for _, a := range abi.Arches() {
		all = append(all, a.Name)
	}
	for _, arches := range [][]string{{"x86_64"}, {"x86_64", "aarch64"}, all} {
		b.Run(strconv.Itoa(len(arches)), func(b *testing.B) {
			r := dockerOn(b, arches...)
			size := 0
			for b.Loop() {
				size = len(compiled(b, r))
			}
			b.ReportMetric(float64(size), "instructions")
		})
	}
}
