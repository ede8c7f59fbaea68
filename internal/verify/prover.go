package verify

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Limits bound what a Prover may spend. The zero value means the defaults.
type Limits struct {
	Nodes int           // of a diagram, 12 to 40 bytes each; 0: four million
	Time  time.Duration // for one question; 0: ten seconds
}

const (
	defaultNodes = 4 << 20
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
	spaces [2]*space // by layout; nil until needed
}

// New returns a Prover.
func New(l Limits) *Prover {
	return &Prover{limits: Limits{
		Nodes: cmp.Or(max(l.Nodes, 0), defaultNodes),
		Time:  cmp.Or(max(l.Time, 0), defaultTime),
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

// Rules is the meaning of rules.
func (p *Prover) Rules(r *policy.Rules) *Meaning { return &Meaning{rulesSource{r}} }

// Stack is the meaning of filters on one thread, the oldest first: the
// strictest value, of equally strict ones the newest filter's. A stack of
// none allows everything.
func (p *Prover) Stack(oldestFirst ...*Meaning) *Meaning {
	return &Meaning{stackSource(slices.Clone(oldestFirst))}
}

// ask puts a question to a diagram with the arguments one by one and, should
// that be too much for it, to one in which they are woven. It returns why
// neither could answer, or "".
func (p *Prover) ask(question func(s *space) error) (unknown string, err error) {
	for l := range p.spaces {
		if p.spaces[l] == nil {
			p.spaces[l] = newSpace(layout(l), p.limits.Nodes)
		}
		s := p.spaces[l]
		s.begin(p.limits.Time / time.Duration(len(p.spaces)))
		err := question(s)
		if s.stopped == "" {
			return "", err
		}
		if unknown == "" {
			unknown = s.stopped
		}
	}
	return unknown, nil
}

// sortedKeys makes what a map holds come in one order.
func sortedKeys[V any](m map[bpf.Action]V) []bpf.Action { return slices.Sorted(maps.Keys(m)) }
