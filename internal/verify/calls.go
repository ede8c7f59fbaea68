package verify

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// CallAnswers is what a filter answers to one call, depending on its
// arguments.
type CallAnswers struct {
	Call *abi.Syscall

	// Values are without data that nobody receives and in no special order. If
	// there is one, it is returned whatever the arguments are. Calls may share
	// them.
	Values []bpf.Action
}

// Calls lists the calls of an architecture, by name, with what a filter may
// answer to them. Calls without a name are left out. The error is an
// UnknownError.
func (p *Prover) Calls(m *Meaning, a *abi.Arch) ([]CallAnswers, error) {
	return list(p, func(s *space) ([]CallAnswers, error) {
		f := s.function(m)
		if a.Register == 32 { // else every call with its numbers is one that can be
			f = s.choose(s.possible(), f, s.leaf(nowhere))
		}
		f = s.within1(f, wordArch, a.Audit)
		calls := a.Calls()
		answers := make([]CallAnswers, len(calls))
		known := map[node][]bpf.Action{}
		for i := range calls {
			g := s.within1(f, wordNr, calls[i].Nr)
			if known[g] == nil {
				known[g] = s.values(g)
			}
			answers[i] = CallAnswers{&calls[i], known[g]}
		}
		return answers, nil
	})
}

// nowhere is no canonical value: it marks the calls outside a set.
const nowhere bpf.Action = 0xffffffff

// values are the leaves of f, but for nowhere.
func (s *space) values(f node) []bpf.Action {
	var values []bpf.Action
	for _, v := range s.leaves(f) {
		if v != nowhere {
			values = append(values, v)
		}
	}
	return values
}
