package verify

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Equal asks whether two filters return the same for every call, where values
// that the kernel treats alike are the same.
func (p *Prover) Equal(left, right *Meaning) (Result, error) { return p.compare(opDiffer, left, right) }

// Subset asks whether later never lets run (allow, log, trace, notify) what
// earlier stops: whether phase later may follow the phases earlier. Left of a
// witness is later.
func (p *Prover) Subset(later, earlier *Meaning) (Result, error) {
	return p.compare(opWidens, later, earlier)
}

// AsStrict asks whether later is nowhere milder than earlier in the kernel's
// order of verdicts, though both stop the call or both let it run. Left of a
// witness is later.
func (p *Prover) AsStrict(later, earlier *Meaning) (Result, error) {
	return p.compare(opSoftens, later, earlier)
}

// compare asks whether a relation of two values holds for no call.
func (p *Prover) compare(op operation, left, right *Meaning) (Result, error) {
	return p.decide(left, right,
		func(s *space) node { return s.combine(op, s.function(left), s.function(right)) },
		func(_ *bpf.Data, v, w bpf.Action) bool { return relates(op, canonical(v), canonical(w)) })
}

// Holds asks whether every call that fits a pattern gets a verdict: a line of
// a policy's `test` block. Right of a witness is that verdict.
func (p *Prover) Holds(m *Meaning, pattern *policy.Pattern, verdict policy.Verdict) (Result, error) {
	want := verdict.Action()
	asked := &Meaning{always(want)}
	vacuous := false
	r, err := p.decide(m, asked,
		func(s *space) node {
			fit := s.pattern(pattern)
			vacuous = fit == no
			return s.minus(fit, s.is(s.function(m), want))
		},
		func(call *bpf.Data, v, w bpf.Action) bool {
			return pattern.Fits(call) && canonical(v) != canonical(w)
		})
	r.Vacuous = vacuous && r.Answer == Yes
	return r, err
}
