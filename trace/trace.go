package trace

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Trace is counted calls. A call is counted on every architecture that has one
// of its name: what a program does here it does elsewhere, too.
type Trace struct {
	arches []*abi.Arch
	counts map[bpf.Data]uint64
}

// maxCalls bounds the different calls that are told apart. Of those beyond,
// the arguments are forgotten, so that a trace may be of any length.
const maxCalls = 1 << 16

// New makes a trace without calls on some architectures.
func New(arches ...*abi.Arch) *Trace {
	return &Trace{arches: arches, counts: map[bpf.Data]uint64{}}
}

// Counted is a call and how often it was made.
type Counted struct {
	Call  bpf.Data
	Count uint64
}

// Calls lists the counted calls, by architecture, number and arguments.
func (t *Trace) Calls() []Counted {
	calls := make([]Counted, 0, len(t.counts))
	for _, call := range slices.SortedFunc(maps.Keys(t.counts), compare) {
		calls = append(calls, Counted{call, t.counts[call]})
	}
	return calls
}

func compare(a, b bpf.Data) int {
	return cmp.Or(cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Nr, b.Nr), slices.Compare(a.Args[:], b.Args[:]))
}

// WritePlain writes the calls of an architecture in the plain form, the most
// frequent first.
func (t *Trace) WritePlain(w io.Writer, a *abi.Arch) error {
	calls := slices.DeleteFunc(t.Calls(), func(c Counted) bool { return c.Call.Arch != a.Audit || !a.Owns(c.Call.Nr) })
	slices.SortStableFunc(calls, func(a, b Counted) int { return cmp.Compare(b.Count, a.Count) })
	for _, c := range calls {
		if _, err := fmt.Fprintf(w, "%d %s\n", c.Count, policy.Describe(a, c.Call)); err != nil {
			return err
		}
	}
	return nil
}

// add counts a call.
func (t *Trace) add(call bpf.Data, count uint64) {
	if _, ok := t.counts[call]; !ok && len(t.counts) >= maxCalls {
		call.Args = [6]uint64{}
	}
	if sum := t.counts[call] + count; sum >= count { // else it is as often as can be
		t.counts[call] = sum
	}
}
