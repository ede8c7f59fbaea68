package verify

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// Answer is yes, no or unknown. The zero Answer is Unknown.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota // a limit was reached: Result.Reason
	No                    // there is a witness: Result.Witness
	Yes                   // proved for every call
)

// String is "unknown", "no" or "yes".
func (a Answer) String() string {
	switch a {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "unknown"
}

// Result is the answer to a question about all calls.
type Result struct {
	Answer  Answer
	Reason  string   // why it is Unknown
	Witness *Witness // to a No: a call for which it does not hold

	// Vacuous marks a Yes of Holds that is about no call at all, as the
	// pattern contradicts itself.
	Vacuous bool
}

// Witness is a call and what each side returns for it, data included. Of the
// calls that would do it is the one with the fewest arguments that are not 0,
// of an architecture and with a number that the tables know if possible.
type Witness struct {
	Call        bpf.Data
	Left, Right bpf.Action // of a question about one filter Right is what was asked for
}

// decide answers whether no call is in a set, which the question builds.
// Each call of the set must satisfy confirm, given what the filters answer.
func (p *Prover) decide(left, right *Meaning, bad func(s *space) node, confirm confirm) (Result, error) {
	var r Result
	unknown, err := p.ask(func(s *space) (err error) {
		r, err = s.conclude(bad(s), left, right, confirm)
		return err
	})
	if err != nil || unknown != "" {
		return Result{Reason: unknown}, err
	}
	return r, nil
}

// confirm tells whether a call is a witness, from what two filters answer.
type confirm func(call *bpf.Data, left, right bpf.Action) bool

// conclude turns the set of calls that contradict a claim into the answer.
func (s *space) conclude(bad node, left, right *Meaning, confirm confirm) (Result, error) {
	if s.stopped != "" {
		return Result{}, nil
	}
	if bad == no {
		return Result{Answer: Yes}, nil
	}
	w, err := s.witness(bad, left, right, confirm)
	if err != nil {
		return Result{}, err
	}
	return Result{Answer: No, Witness: w}, nil
}

// witness is the smallest call of a set, after the filters themselves, not
// their diagrams, have confirmed it.
func (s *space) witness(set node, left, right *Meaning, confirm confirm) (*Witness, error) {
	w := &Witness{Call: s.smallest(set)}
	var err error
	if w.Left, err = s.answer(left, &w.Call); err != nil {
		return nil, err
	}
	if w.Right, err = s.answer(right, &w.Call); err != nil {
		return nil, err
	}
	if !confirm(&w.Call, w.Left, w.Right) {
		return nil, fmt.Errorf("%w: they return %v and %v for %+v, which contradicts nothing", ErrInconsistent, w.Left, w.Right, w.Call)
	}
	return w, nil
}

// answer runs a filter on a call and compares with its diagram.
func (s *space) answer(m *Meaning, call *bpf.Data) (bpf.Action, error) {
	got, err := m.source.answer(call)
	if err != nil {
		return 0, err
	}
	want, _ := s.isLeaf(s.at(s.function(m), call))
	if canonical(got) != want {
		return 0, fmt.Errorf("%w: it returns %v for %+v, the verifier has %v", ErrInconsistent, got, *call, want)
	}
	return got, nil
}
