package compile

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// TestMeaning compares programs with the reference on random Rules, at all edges
// of their conditions and anywhere.
func TestMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rulesGen(rapid.SampledFrom([]int{2, 6, 20}).Draw(t, "size")).Draw(t, "rules")
		vm := machine(t, compiled(t, r))
		for _, d := range manyCalls(r, rapid.Uint64().Draw(t, "seed"), 3000) {
			sameVerdict(t, r, vm, &d)
		}
	})
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func compiled(t fataler, r *policy.Rules) bpf.Program {
	t.Helper()
	p, err := Compile(r, Options{})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return p
}

// machine makes p ready to run; the kernel must admit it.
func machine(t fataler, p bpf.Program) *bpf.VM {
	t.Helper()
	vm, err := bpf.NewVM(p)
	if err != nil {
		t.Fatalf("not admitted: %v", err)
	}
	return vm
}

func sameVerdict(t fataler, r *policy.Rules, vm *bpf.VM, d *bpf.Data) {
	t.Helper()
	want := verdictOf(r, d)
	if got, _ := vm.Run(d); bpf.Action(got) != action(want) {
		t.Fatalf("%+x: got %v, want %v\nrules:\n%s", *d, bpf.Action(got), want, dump(r))
	}
}

// manyCalls draws calls without rapid's bookkeeping, which would be most of the
// time: every number at an edge at least once, arguments at edges.
func manyCalls(r *policy.Rules, seed uint64, n int) []bpf.Data {
	random := rand.New(rand.NewPCG(seed, 0))
	numbers, values := edges(r)
	audits := []uint32{0, 0xc000003e, 0x40000003}
	for _, a := range r.Arches {
		audits = append(audits, a.Arch.Audit, a.Arch.Audit, a.Arch.Audit, a.Arch.Audit)
	}
	pick := func(from []uint64) uint64 { return from[random.IntN(len(from))] }
	calls := make([]bpf.Data, max(n, len(numbers)))
	for i := range calls {
		d := &calls[i]
		d.Arch, d.IP, d.Nr = audits[random.IntN(len(audits))], random.Uint64(), uint32(pick(numbers))
		if i < len(numbers) {
			d.Nr = uint32(numbers[i])
		}
		for j := range d.Args {
			d.Args[j] = pick(values)
			switch random.IntN(8) {
			case 0:
				d.Args[j] = random.Uint64()
			case 1, 2:
				d.Args[j] = d.Args[j]&maxWord | pick(values)<<32
			}
		}
	}
	return calls
}

// TestSame compiles twice.
func TestSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rulesGen(6).Draw(t, "rules")
		if a, b := compiled(t, r), compiled(t, r); !slices.Equal(a, b) {
			t.Fatalf("two programs for the same rules:\n%s", cmp.Diff(a, b))
		}
	})
}
