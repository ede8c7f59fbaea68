package verify

import (
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// failer is what testing.T and rapid.T have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// program is the meaning of a program that must be admitted.
func program(t failer, p *Prover, code bpf.Program) *Meaning {
	t.Helper()
	m, err := p.Program(code)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// oneList keeps the first list of each arch.
func oneList(r *policy.Rules) *policy.Rules {
	for _, a := range r.Arches {
		a.Lists = a.Lists[:1]
	}
	return r
}

func TestRightProgramsAreEqualToTheirRules(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := oneList(drawRules(rt))
		p := New(Limits{})
		result, err := p.Equal(program(t, p, linear(r)), p.Rules(r))
		if err != nil || result.Answer != Yes {
			rt.Fatalf("%v %+v %v", result.Answer, result.Witness, err)
		}
	})
}
