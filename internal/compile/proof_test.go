package compile

import (
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// proved holds that a program and its Rules are the same function of all calls,
// by the verifier, which shares nothing with the compiler. It reports whether
// the verifier could tell.
func proved(t fataler, r *policy.Rules, p bpf.Program) bool {
	t.Helper()
	prover := verify.New(verify.Limits{})
	code, err := prover.Program(p)
	if err != nil {
		t.Fatalf("not admitted: %v", err)
	}
	result, err := prover.Equal(code, prover.Rules(r))
	if err != nil {
		t.Fatalf("%v", err)
	}
	if result.Answer == verify.No {
		t.Fatalf("not equal at %+v\n%s", result.Witness, dump(r))
	}
	return result.Answer == verify.Yes
}

// TestProved proves programs for random Rules.
func TestProved(t *testing.T) {
	tried, told := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		r := rulesGen(rapid.SampledFrom([]int{2, 6}).Draw(t, "size")).Draw(t, "rules")
		p, err := Compile(r, Options{Weights: someWeights(r, rapid.Uint64().Draw(t, "seed"))})
		if err != nil {
			t.Fatal(err)
		}
		tried++
		if proved(t, r, p) {
			told++
		}
	})
	if told < tried*9/10 {
		t.Errorf("the verifier could only tell of %d in %d", told, tried)
	}
}

// TestGoldenProved proves the goldens and some large programs.
func TestGoldenProved(t *testing.T) {
	for _, g := range goldens {
		if r := g.rules(t); !proved(t, r, compiled(t, r)) {
			t.Errorf("%s: the verifier cannot tell", g.name)
		}
	}
	for _, r := range []*policy.Rules{
		scattered(300, true), dockerOn(t, "x86_64", "x32", "i386", "aarch64", "riscv64", "s390x"),
		shaped(shapes[1].rule, 300), shaped(shapes[2].rule, 30), shaped(shapes[3].rule, 400),
	} {
		if !proved(t, r, compiled(t, r)) {
			t.Error("the verifier cannot tell of a large program")
		}
	}
}
