package verify

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// space is a diagram whose bits are those of a call, in one layout, with the
// functions that were built in it.
type space struct {
	*diagram
	layout layout
	inputs [words]*word
	built  map[*Meaning]built
}

// built is a meaning in a space: its function, or why there is none.
type built struct {
	function node
	failed   string
	reached  []bool // of a program: the instructions that some call reaches
}

func newSpace(l layout, nodes int) *space {
	s := &space{diagram: newDiagram(nodes), layout: l, built: map[*Meaning]built{}}
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
	if !ok {
		b = m.source.build(s)
		b.failed = s.stopped
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
