package compile

import (
	"math/rand/v2"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// someWeights is up to 12 calls at edges of the rules, with counts of any size.
func someWeights(r *policy.Rules, seed uint64) (weights []Weight) {
	random := rand.New(rand.NewPCG(seed, 1))
	calls := manyCalls(r, seed, 100)
	for range random.IntN(13) {
		weights = append(weights, Weight{calls[random.IntN(len(calls))], random.Uint64() >> random.IntN(64)})
	}
	return weights
}

// TestWeightedMeaning holds that weights change no verdict, whatever they are.
func TestWeightedMeaning(t *testing.T) {
	rapid.Check(t, anyRules)
}

// traced is calls of a server: a few that are always made, some that are rare.
func traced(audit uint32) (weights []Weight) {
	for _, c := range [][2]uint32{{0, 400}, {46, 380}, {232, 350}, {202, 20}, {3, 9}, {288, 9}, {230, 5}, {281, 3}, {28, 2}, {9, 1}, {11, 1}, {60, 1}} {
		weights = append(weights, Weight{bpf.Data{Arch: audit, Nr: c[0]}, uint64(c[1])})
	}
	return weights
}

// TestWeights holds that a trace's calls take fewer steps for having been
// counted. Reading and asking for the arch and the number, and the return, are
// four steps in any case.
func TestWeights(t *testing.T) {
	r := dockerRules(t, 32)
	weights := traced(r.Arches[0].Arch.Audit)
	p, err := Compile(r, Options{Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	guessed, counted := weighted(t, compiled(t, r), weights), weighted(t, p, weights)
	t.Logf("%.3f mean steps without weights, %.3f with; %d instructions", guessed, counted, len(p))
	if counted > 6.5 || counted > guessed-1.5 {
		t.Errorf("want at most 6.5 steps")
	}
	if len(p) > 80 {
		t.Errorf("want at most 80 instructions")
	}
}

// weighted is the mean number of steps of counted calls.
func weighted(t testing.TB, p bpf.Program, weights []Weight) float64 {
	vm := machine(t, p)
	var steps, calls uint64
	for _, w := range weights {
		_, n := vm.Run(&w.Call)
		steps += uint64(n) * w.Count
		calls += w.Count
	}
	return float64(steps) / float64(calls)
}

// TestWeightOfArguments holds that the values of arguments count as well.
func TestWeightOfArguments(t *testing.T) {
	r := shaped(shapes[1].rule, 100)
	call := bpf.Data{Arch: r.Arches[0].Arch.Audit, Nr: 1, Args: [6]uint64{57 * 7919}}
	weights := []Weight{{call, 1000}, {bpf.Data{Arch: call.Arch, Nr: 1}, 10}}
	p, err := Compile(r, Options{Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	guessed, counted := weighted(t, compiled(t, r), weights), weighted(t, p, weights)
	if counted > 9.2 || counted >= guessed {
		t.Errorf("%.3f mean steps with weights, %.3f without", counted, guessed)
	}
}
