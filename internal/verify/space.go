package verify

import (
	"math/big"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// space is a diagram whose bits are those of a call, in one layout, with the
// functions that were built in it.
type space struct {
	*diagram
	layout  layout
	inputs  [words]*word
	built   map[*Meaning]built
	matched map[*policy.RuleMatch]node
	fit     map[*policy.Pattern]node
	real    node // possible, once it was asked for
	numbers map[*abi.Arch][]uint32
	counts  map[node]*big.Int
	shifted big.Int // for a moment
}

// built is a meaning in a space: its function, or why there is none.
type built struct {
	function node
	failed   string
	within   int // the limit of nodes when it was built
}

func newSpace(l layout) *space {
	s := &space{
		diagram: newDiagram(),
		layout:  l,
		built:   map[*Meaning]built{},
		matched: map[*policy.RuleMatch]node{},
		fit:     map[*policy.Pattern]node{},
		numbers: map[*abi.Arch][]uint32{},
		counts:  map[node]*big.Int{no: new(big.Int), yes: big.NewInt(1)},
	}
	s.limit = 2 + levels
	for w := range s.inputs {
		s.inputs[w] = each(func(bit int) node { return s.input(w, bit) })
	}
	return s
}

// input is the set of calls that have a 1 in a bit.
func (s *space) input(word, bit int) node { return s.bit(s.layout.level(word, bit)) }

// function is what m answers, built at its first use.
func (s *space) function(m *Meaning) node {
	b, ok := s.built[m]
	if !ok || b.failed != "" && b.within < s.limit {
		b = built{m.source.build(s), s.stopped, s.limit}
		s.built[m] = b
	}
	if b.failed != "" {
		s.stop("%s", b.failed)
	}
	return b.function
}

// at is the value of f for one call.
func (s *space) at(f node, call *bpf.Data) node {
	for {
		v := s.nodes[f]
		if v.level == leafLevel {
			return f
		}
		f = v.low
		if w, bit := s.layout.place(v.level); getBit(call, w, bit) {
			f = v.high
		}
	}
}

// is is the set of calls on which f has a value.
func (s *space) is(f node, value bpf.Action) node {
	return s.combine(opIs, f, s.leaf(canonical(value)))
}

// isWord is the set of calls in which a word is k.
func (s *space) isWord(word int, k uint32) node { return s.equal(s.inputs[word], constant(k)) }

// anyWord is the set of calls in which a word is one of some numbers, which
// ascend.
func (s *space) anyWord(word int, numbers []uint32) node {
	ranges := make([]policy.Range, len(numbers))
	for i, n := range numbers {
		ranges[i] = policy.Range{Low: uint64(n), High: uint64(n)}
	}
	return s.within(s.inputs[word][:], 1<<32-1, ranges)
}

// owned is the set of calls that are of an ABI: of its audit arch, and with
// its mark in the number where two ABIs share that.
func (s *space) owned(a *abi.Arch) node {
	set := s.isWord(wordArch, a.Audit)
	if a.Sharing() == nil {
		return set
	}
	for bit := range 32 {
		mark := a.NumberBit | a.Sharing().NumberBit
		switch {
		case mark>>bit&1 == 0:
		case a.NumberBit>>bit&1 == 1:
			set = s.and(set, s.input(wordNr, bit))
		default:
			set = s.minus(set, s.input(wordNr, bit))
		}
	}
	return set
}
