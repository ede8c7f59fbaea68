package compile

import (
	"encoding/binary"
	"slices"
)

// What decides a call whose number is known is a diagram: a node has a word and
// cuts its values into intervals, each with a diagram of its own or a verdict.
// Diagrams are built from the states downwards, reduced (a node whose intervals
// all lead to the same is not made) and shared (equal nodes are one).

// diagramID names a diagram: a node, or a verdict v as ^v.
type diagramID int32

func verdictDiagram(v verdictID) diagramID { return ^diagramID(v) }

// diagram is a node. Arms are ascending; each ends where the next begins, and
// the last at the end of all values.
type diagram struct {
	word word
	arms []arm
}

// arm is what the values up to high lead to.
type arm struct {
	high uint32
	to   diagramID
}

// diagrams builds and holds the diagrams of all rules.
type diagrams struct {
	*predicates
	verdicts verdicts
	nodes    []diagram
	ids      map[string]diagramID
	states   map[string]diagramID
	budget   int // of arms; below zero the diagram is too large

	trimmed state // scratch of settle
}

func newDiagrams() *diagrams {
	return &diagrams{
		predicates: newPredicates(),
		ids:        map[string]diagramID{},
		states:     map[string]diagramID{},
	}
}

// An ordered diagram can be exponentially larger than its rules. It may have
// this many arms, and some for each literal of the rules; else the rules are
// tested one after the other (see cascade).
const (
	freeArms       = 64
	armsPerLiteral = 8
)

// decide returns the diagram of the residuals that apply.
func (d *diagrams) decide(active []residual) diagramID {
	s, v := d.settle(active)
	if v != noVerdict {
		return verdictDiagram(v)
	}
	if id, ok := d.states[d.key(s)]; ok {
		return id
	}
	s = slices.Clone(s)
	d.budget = freeArms + armsPerLiteral*d.literalsOf(s)
	id := d.build(s)
	if d.budget < 0 {
		id = d.cascade(s)
		d.states[d.key(s)] = id
	}
	return id
}

func (d *diagrams) literalsOf(s state) (n int) {
	for _, r := range s {
		n += len(d.conjs[r.conj])
	}
	return n
}

// build returns the diagram of a state. The state must not be changed later.
func (d *diagrams) build(s state) diagramID {
	key := d.key(s)
	if id, ok := d.states[key]; ok {
		return id
	}
	w := d.choose(s)
	var arms []arm
	sweep(d.items(s, w), func(values span, active []residual) {
		if d.budget--; d.budget >= 0 {
			arms = appendArm(arms, arm{values.high, d.child(active)})
		}
	})
	if d.budget < 0 {
		return 0
	}
	id := d.intern(diagram{w, arms})
	d.states[key] = id
	return id
}

func (d *diagrams) child(active []residual) diagramID {
	s, v := d.settle(active)
	if v != noVerdict {
		return verdictDiagram(v)
	}
	if id, ok := d.states[d.key(s)]; ok {
		return id
	}
	return d.build(slices.Clone(s))
}

// choose returns the word to look at first: the one that most rules speak of;
// of several, the one that an earlier rule speaks of.
func (d *diagrams) choose(s state) word {
	var words []word
	var counts []int
	best := 0
	for _, r := range s {
		for _, l := range d.conjs[r.conj] {
			w := d.literals[l].word
			i := slices.Index(words, w)
			if i < 0 {
				i = len(words)
				words, counts = append(words, w), append(counts, 0)
			}
			counts[i]++
		}
	}
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return words[best]
}

// items returns what is left of a state for each value of a word.
func (d *diagrams) items(s state, w word) []item {
	items := make([]item, 0, 2*len(s))
	for i, r := range s {
		l := d.about(r.conj, w)
		if l == nil {
			items = append(items, item{span{0, maxWord}, int32(i), r})
			continue
		}
		for _, c := range l.choices {
			left := residual{r.list, r.verdict, d.without(r.conj, w, c.then)}
			if left.conj != never {
				items = append(items, item{c.span, int32(i), left})
			}
		}
	}
	return items
}

// appendArm adds an arm, or lengthens the last if that leads to the same.
func appendArm(arms []arm, a arm) []arm {
	if n := len(arms); n > 0 && arms[n-1].to == a.to {
		arms[n-1].high = a.high
		return arms
	}
	return append(arms, a)
}

// intern returns the number of a node.
func (d *diagrams) intern(n diagram) diagramID {
	n.arms = possible(n.arms, n.word.mask)
	if len(n.arms) == 1 {
		return n.arms[0].to
	}
	b := d.scratch[:0]
	b = binary.LittleEndian.AppendUint32(b, n.word.offset)
	b = binary.LittleEndian.AppendUint32(b, n.word.mask)
	for _, a := range n.arms {
		b = binary.LittleEndian.AppendUint32(b, a.high)
		b = binary.LittleEndian.AppendUint32(b, uint32(a.to))
	}
	d.scratch = b
	if id, ok := d.ids[string(b)]; ok {
		return id
	}
	id := diagramID(len(d.nodes))
	d.nodes = append(d.nodes, n)
	d.ids[string(b)] = id
	return id
}

// possible drops arms without any value that the mask lets be.
func possible(arms []arm, mask uint32) []arm {
	var kept []arm
	low := uint32(0)
	for _, a := range arms {
		if high := previousWithin(a.high, mask); high >= low {
			kept = appendArm(kept, arm{a.high, a.to})
		}
		if a.high != maxWord {
			next, ok := nextWithout(a.high+1, ^mask)
			if !ok {
				break
			}
			low = next
		}
	}
	kept[len(kept)-1].high = maxWord
	return kept
}
