package verify

import (
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"pgregory.net/rapid"
)

// The tests here answer each question twice: with a Prover, and by trying
// every call. Programs look at the two lowest bits of five words only, so
// that 1024 calls are all there is to try.

// everyCall is the calls that tiny programs can tell apart.
func everyCall() []bpf.Data {
	list := make([]bpf.Data, 0, 1024)
	for i := range 1024 {
		w := func(n int) uint32 { return uint32(i >> (2 * n) & 3) }
		list = append(list, bpf.Data{Arch: w(0), Nr: w(1), Args: [6]uint64{uint64(w(2)) << 32, uint64(w(3))}, IP: uint64(w(4))})
	}
	return list
}

// drawTiny draws a program that tells only the calls of everyCall apart. As
// bit 30 of arch is never set, the high half of a field comes first.
func drawTiny(t *rapid.T) bpf.Program {
	words := []uint32{bpf.OffArch, bpf.OffNr, bpf.OffArgs, bpf.OffArgs + 12, bpf.OffIP + 4}
	n := rapid.IntRange(1, 8).Draw(t, "blocks")
	var p bpf.Program
	for i := range n {
		left := 3 * (n - 1 - i) // to the last return
		op := rapid.SampledFrom([]uint16{bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET}).Draw(t, "op")
		skip := func() uint8 { return uint8(3 * rapid.IntRange(0, left/3).Draw(t, "skip")) }
		p = append(p, load(rapid.SampledFrom(words).Draw(t, "word")),
			bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 3),
			bpf.Jump(bpf.JMP|op|bpf.K, rapid.Uint32Range(0, 3).Draw(t, "k"), skip(), skip()))
	}
	last := bpf.Program{tinyReturn(t)}
	if rapid.Bool().Draw(t, "two returns") {
		last = append(bpf.Program{bpf.Jump(bpf.JMP|bpf.JSET|bpf.K, 1, 0, 1), tinyReturn(t)}, last...)
	}
	return append(p, last...)
}

func tinyReturn(t *rapid.T) bpf.Instruction {
	return bpf.Stmt(bpf.RET|bpf.K, rapid.SampledFrom([]uint32{0x7fff0000, 0x7ffc0000, 0x50001, 0x50002, 0, 0x80000000}).Draw(t, "value"))
}

// expect compares the answer to a question with trying it on every call.
func expect(t failer, name string, r Result, err error, bad func(call *bpf.Data) bool) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	expectOn(t, everyCall(), name, r, bad)
}

func expectOn(t failer, calls []bpf.Data, name string, r Result, bad func(call *bpf.Data) bool) {
	t.Helper()
	want := Yes
	for _, call := range calls {
		if bad(&call) {
			want = No
		}
	}
	if r.Answer != want {
		t.Fatalf("%s: %v, want %v", name, r.Answer, want)
	}
	if want == No && !bad(&r.Witness.Call) {
		t.Fatalf("%s: %+v is no witness", name, r.Witness)
	}
}

func TestAnswersAreThoseOfEveryCall(t *testing.T) {
	answers := map[Answer]int{}
	rapid.Check(t, func(rt *rapid.T) {
		a, b, c := drawTiny(rt), drawTiny(rt), drawTiny(rt)
		p := New(Limits{})
		ma, mb := program(t, p, a), program(t, p, b)
		run := func(code bpf.Program, call *bpf.Data) bpf.Action {
			v, _, err := code.Run(call)
			if err != nil {
				rt.Fatal(err)
			}
			return v
		}
		r, err := p.Equal(ma, mb)
		answers[r.Answer]++
		expect(rt, "equal", r, err, func(d *bpf.Data) bool { return run(a, d) != run(b, d) })
		r, err = p.Subset(ma, mb)
		answers[r.Answer]++
		expect(rt, "subset", r, err, func(d *bpf.Data) bool { return runs(run(a, d)) && !runs(run(b, d)) })
		r, err = p.AsStrict(ma, mb)
		expect(rt, "as strict", r, err, func(d *bpf.Data) bool {
			return runs(run(a, d)) == runs(run(b, d)) && run(b, d).Stricter(run(a, d))
		})
		stack, err := bpf.NewStackVM(bpf.Stack{a, b})
		if err != nil {
			rt.Fatal(err)
		}
		r, err = p.Equal(p.Stack(ma, mb), program(t, p, c))
		expect(rt, "stack", r, err, func(d *bpf.Data) bool {
			v, _, _ := stack.Run(d)
			return bpf.Action(v) != run(c, d)
		})
		unreachable(rt, p, a)
	})
	if answers[Yes] < 3 || answers[No] < 3 {
		t.Errorf("the draws are one-sided: %v", answers)
	}
}

// unreachable compares with the instructions that no call reaches.
func unreachable(t failer, p *Prover, code bpf.Program) {
	got, err := p.Unreachable(program(t, p, code))
	if err != nil {
		t.Fatal(err)
	}
	vm, err := bpf.NewVM(code)
	if err != nil {
		t.Fatal(err)
	}
	coverage := bpf.NewCoverage(code)
	for _, call := range everyCall() {
		coverage.Run(vm, &call)
	}
	if want := coverage.Unreached(); !slices.Equal(got, want) {
		t.Fatalf("unreachable: %v, want %v", got, want)
	}
}
