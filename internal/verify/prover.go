package verify

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Limits bound what a Prover may spend. The zero value means the defaults.
type Limits struct {
	Nodes int           // of a diagram, about 60 bytes each, and there may be two; 0: two million
	Time  time.Duration // for one question; 0: ten seconds
	Total time.Duration // for all questions together; 0: no limit
}

const (
	defaultNodes = 2 << 20
	defaultTime  = 10 * time.Second
)

// ErrInconsistent means that the prover found a witness which the virtual
// machine or the reference evaluation does not confirm: one of them is wrong,
// and no answer can be had.
var ErrInconsistent = errors.New("verifier and reference disagree")

// Prover decides questions about filters. It keeps what it has learnt about a
// filter for the next question. It is not safe for concurrent use.
type Prover struct {
	limits Limits
	spent  time.Duration
	spaces [2]*space // by layout; nil until needed
	rules  map[*policy.Rules]*Meaning
}

// New returns a Prover.
func New(l Limits) *Prover {
	return &Prover{rules: map[*policy.Rules]*Meaning{}, limits: Limits{
		Nodes: cmp.Or(max(l.Nodes, 0), defaultNodes),
		Time:  cmp.Or(max(l.Time, 0), defaultTime),
		Total: max(l.Total, 0),
	}}
}

// Meaning is what a filter answers to every call. It is made by a Prover.
type Meaning struct{ source source }

// Program is the meaning of a program. The error is that of its Check, if the
// kernel would refuse it.
func (p *Prover) Program(program bpf.Program) (*Meaning, error) {
	vm, err := bpf.NewVM(program)
	if err != nil {
		return nil, err
	}
	return &Meaning{programSource{vm.Program(), vm}}, nil
}

// Rules is the meaning of rules, which must not change: asked again, it is the
// same Meaning and needs no more work.
func (p *Prover) Rules(r *policy.Rules) *Meaning {
	m, ok := p.rules[r]
	if !ok {
		m = &Meaning{rulesSource{r}}
		p.rules[r] = m
	}
	return m
}

// Stack is the meaning of filters on one thread, the oldest first: the
// strictest value, of equally strict ones the newest filter's. A stack of
// none allows everything.
func (p *Prover) Stack(oldestFirst ...*Meaning) *Meaning {
	return &Meaning{stackSource(slices.Clone(oldestFirst))}
}

// attempts are the ways to answer a question, one after the other: small
// diagrams in both layouts before large ones in both, as where one layout needs
// millions of nodes the other may do with a few.
var attempts = [...]struct {
	layout layout
	part   int // of the limit of nodes: one in part
}{{oneByOne, 16}, {woven, 16}, {oneByOne, 1}, {woven, 1}}

// ask puts a question to diagrams until one of them holds the answer. It
// returns why none did, or "".
func (p *Prover) ask(question func(s *space) error) (unknown string, err error) {
	start, budget := time.Now(), p.limits.Time
	if p.limits.Total > 0 {
		if budget = min(budget, p.limits.Total-p.spent); budget <= 0 {
			return fmt.Sprintf("the %v for all questions together are over", p.limits.Total), nil
		}
		defer func() { p.spent += time.Since(start) }()
	}
	for i, a := range attempts {
		if p.spaces[a.layout] == nil {
			p.spaces[a.layout] = newSpace(a.layout)
		}
		s := p.spaces[a.layout]
		part := budget * time.Duration(i+1) / time.Duration(len(attempts))
		s.begin(p.limits.Nodes/a.part, start.Add(part), budget)
		err := question(s)
		if s.stopped == "" {
			return "", err
		}
		unknown = s.stopped
	}
	return unknown, nil
}

// sortedKeys makes what a map holds come in one order.
func sortedKeys[V any](m map[bpf.Action]V) []bpf.Action { return slices.Sorted(maps.Keys(m)) }
