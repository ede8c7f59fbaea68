package compile

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// dockerRules is Docker's default profile as testdata/docker_amd64.txt says.
// Its conditions compare all 64 bits where bits is 64, as libseccomp installs
// them, or what the kernel reads where it is 32.
func dockerRules(t testing.TB, bits uint8) *policy.Rules {
	t.Helper()
	x86, _ := abi.ByName("x86_64")
	allow, deny := policy.Verdict{Kind: policy.Allow}, policy.Verdict{Kind: policy.Errno, Data: 1}
	arg := func(n int8) policy.Operand { return policy.Operand{Reg: n, High: -1, Bits: bits} }
	full := uint64(1)<<bits - 1
	var list policy.List
	for _, r := range dockerAllowed(t) {
		list = append(list, &policy.RuleMatch{Verdict: allow, Numbers: []policy.Range{r}})
	}
	one := func(nr uint64, mask uint64, ranges ...policy.Range) {
		list = append(list, &policy.RuleMatch{Verdict: allow, Numbers: []policy.Range{{Low: nr, High: nr}},
			Conds: []policy.Cond{{Operand: arg(0), Mask: mask, Ranges: ranges}}})
	}
	one(41, full, policy.Range{Low: 0, High: 37})
	for _, family := range []uint64{39, 41, 42, 43, 44, 45} {
		one(41, full, policy.Range{Low: family, High: family})
	}
	for _, persona := range []uint64{0, 8, 0x20000, 0x20008, 0xffffffff} {
		one(135, full, policy.Range{Low: persona, High: persona})
	}
	one(56, 0x7e020000, policy.Range{Low: 0, High: 0})
	list = append(list,
		&policy.RuleMatch{Verdict: policy.Verdict{Kind: policy.Errno, Data: 38}, Numbers: []policy.Range{{Low: 435, High: 435}}},
		&policy.RuleMatch{Verdict: deny, Numbers: []policy.Range{{Low: 0, High: 0x3fffffff}, {Low: 0x80000000, High: 0xbfffffff}}})
	return &policy.Rules{Arches: []*policy.ArchRules{{Arch: x86, Lists: []policy.List{list}}}, Else: deny}
}

// dockerAllowed reads the numbers of the table.
func dockerAllowed(t testing.TB) (ranges []policy.Range) {
	t.Helper()
	text, err := os.ReadFile("testdata/docker_amd64.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range strings.Fields(line) {
			var r policy.Range
			if _, err := fmt.Sscanf(word, "%d..%d", &r.Low, &r.High); err != nil {
				if _, err := fmt.Sscan(word, &r.Low); err != nil {
					t.Fatal(word, err)
				}
				r.High = r.Low
			}
			ranges = append(ranges, r)
		}
	}
	return ranges
}

// meanSteps is over the calls 0..470 with zero arguments.
func meanSteps(t testing.TB, p bpf.Program, arch *abi.Arch) float64 {
	t.Helper()
	vm := machine(t, p)
	total := 0
	for nr := range uint32(471) {
		_, steps := vm.Run(&bpf.Data{Nr: nr, Arch: arch.Audit})
		total += steps
	}
	return float64(total) / 471
}

// TestDocker holds the size and the speed of the yardstick: libseccomp makes 348
// instructions of it with 213 mean steps, gVisor 185 with about 14.
func TestDocker(t *testing.T) {
	for _, test := range []struct {
		name         string
		bits         uint8
		other        policy.Kind
		instructions int
		steps        float64
	}{
		{"as the kernel reads", 32, policy.Errno, 66, 8.9},
		{"as the kernel reads, other ABIs killed", 32, policy.KillProcess, 66, 8.9},
		{"64 bits", 64, policy.Errno, 66, 8.9},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := dockerRules(t, test.bits)
			r.Else = policy.Verdict{Kind: test.other, Data: 1}
			p := compiled(t, r)
			steps := meanSteps(t, p, r.Arches[0].Arch)
			t.Logf("%d instructions, %.3f mean steps", len(p), steps)
			if len(p) > test.instructions || steps > test.steps {
				t.Errorf("want at most %d and %.3f", test.instructions, test.steps)
			}
			vm := machine(t, p)
			for _, d := range manyCalls(r, 1, 50_000) {
				sameVerdict(t, r, vm, &d)
			}
		})
	}
}

func BenchmarkDocker(b *testing.B) {
	r := dockerRules(b, 32)
	b.ReportAllocs()
	var p bpf.Program
	for b.Loop() {
		p = compiled(b, r)
	}
	b.ReportMetric(float64(len(p)), "instructions")
	b.ReportMetric(meanSteps(b, p, r.Arches[0].Arch), "steps")
}
