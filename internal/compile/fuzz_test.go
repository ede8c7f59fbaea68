package compile

import (
	"errors"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"pgregory.net/rapid"
)

// FuzzCompile draws Rules, weights and calls from the fuzzer's bytes and holds
// the program against the reference.
func FuzzCompile(f *testing.F) {
	random := rand.New(rand.NewPCG(8, 9))
	for range 8 {
		seed := make([]byte, 4096)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(rapid.MakeFuzz(anyRules))
}

// anyRules holds one draw of Rules against the reference.
func anyRules(t *rapid.T) {
	r := rulesGen(rapid.SampledFrom([]int{2, 6, 20, 60}).Draw(t, "size")).Draw(t, "rules")
	seed := rapid.Uint64().Draw(t, "seed")
	p, err := Compile(r, Options{Weights: someWeights(r, seed)})
	var size *SizeError
	if errors.As(err, &size) && size.Instructions > bpf.MAXINSNS {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	vm := machine(t, p)
	for _, d := range manyCalls(r, seed, 2000) {
		sameVerdict(t, r, vm, &d)
	}
}

// TestThousands is a thousand policies, ten thousand if NARROW_LONG is set.
func TestThousands(t *testing.T) {
	n := 1000
	if os.Getenv("NARROW_LONG") != "" {
		n *= 10
	}
	for seed := range n {
		random := rand.New(rand.NewPCG(uint64(seed), 77))
		r := rulesGen([]int{2, 6, 20}[random.IntN(3)]).Example(seed)
		p, err := Compile(r, Options{Weights: someWeights(r, random.Uint64())})
		if err != nil {
			t.Fatal(err)
		}
		vm := machine(t, p)
		for _, d := range manyCalls(r, random.Uint64(), 1000) {
			sameVerdict(t, r, vm, &d)
		}
	}
}
