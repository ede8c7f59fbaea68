package verify

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// source is where a meaning comes from.
type source interface {
	// build makes its function in a space.
	build(s *space) node
	// answer is the value for one call, found without any diagram.
	answer(call *bpf.Data) (bpf.Action, error)
}

// programSource is a program that the kernel would admit.
type programSource struct {
	program bpf.Program
	vm      *bpf.VM
}

func (p programSource) build(s *space) node { return s.program(p.program) }

func (p programSource) answer(call *bpf.Data) (bpf.Action, error) {
	value, _ := p.vm.Run(call)
	return bpf.Action(value), nil
}

// rulesSource is the rules of a policy.
type rulesSource struct{ rules *policy.Rules }

func (r rulesSource) build(s *space) node { return s.rules(r.rules) }

func (r rulesSource) answer(call *bpf.Data) (bpf.Action, error) {
	verdict, _ := r.rules.Evaluate(call)
	return verdict.Action(), nil
}

// stackSource is the filters of a thread, the oldest first.
type stackSource []*Meaning

func (st stackSource) build(s *space) node {
	f := s.leaf(bpf.RetAllow)
	for _, m := range st {
		f = s.combine(opStrictest, s.function(m), f) // ties to the newer
	}
	return f
}

// answer asks the newest first, as kernel/seccomp.c:seccomp_run_filters does.
func (st stackSource) answer(call *bpf.Data) (bpf.Action, error) {
	strictest := bpf.RetAllow
	for n := len(st) - 1; n >= 0; n-- {
		value, err := st[n].source.answer(call)
		if err != nil {
			return 0, fmt.Errorf("filter %d: %w", n+1, err)
		}
		if value.Stricter(strictest) {
			strictest = value
		}
	}
	return strictest, nil
}

// always is the filter that answers every call alike.
type always bpf.Action

func (a always) build(s *space) node { return s.leaf(canonical(bpf.Action(a))) }

func (a always) answer(*bpf.Data) (bpf.Action, error) { return bpf.Action(a), nil }
