package compile

import (
	"encoding/binary"
	"slices"
)

// What decides a call whose number is known is a diagram: a node has a word and
// cuts its values into intervals, each with a diagram of its own or a verdict.
// Diagrams are built from the states downwards, reduced (a node whose intervals
// all lead to the same is not made) and shared (equal nodes are one).

// diagramID names a diagram: a node or, below zero, a verdict (see verdicts).
type diagramID int32

// diagram is a node. Arms are ascending; each begins behind the one before, and
// the last ends with the greatest value of the word.
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
	verdicts
	nodes  []diagram
	costs  []cost // by node
	ids    map[string]diagramID
	states map[string]diagramID
	budget int // of arms; below zero the diagram is too large

	thrifty bool  // steps cost nothing
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
// this many arms, and some for each literal of the rules; see decide for what
// is done else.
const (
	freeArms       = 64
	armsPerLiteral = 8
)

// decide returns the diagram of the residuals that apply: of all rules at once,
// or of a few at a time where that is better.
func (d *diagrams) decide(active []residual) diagramID {
	s := d.settle(active)
	if s.settled() {
		return s[0].to
	}
	if id, ok := d.states[string(d.key(s))]; ok {
		return id
	}
	s = slices.Clone(s)
	literals := d.literalsOf(s)
	d.budget = freeArms + armsPerLiteral*literals
	id := d.build(s)
	if d.budget < 0 || d.size(id, nil) > 2*literals {
		id = d.better(s, id, d.budget >= 0)
		d.states[string(d.key(s))] = id
	}
	return id
}

// better returns the cascade of a state if it costs less than its diagram, or
// if it has none.
func (d *diagrams) better(s state, whole diagramID, ok bool) diagramID {
	parts := d.cascade(s)
	if !ok || d.worth(d.size(parts, nil), parts) < d.worth(d.size(whole, nil), whole) {
		return parts
	}
	return whole
}

func (d *diagrams) literalsOf(s state) (n int) {
	for _, r := range s {
		n += len(d.conjs[r.conj])
	}
	return n
}

// build returns the diagram of a state. The state must not be changed later.
func (d *diagrams) build(s state) diagramID {
	if s.settled() {
		return s[0].to
	}
	if id, ok := d.states[string(d.key(s))]; ok {
		return id
	}
	key := string(d.key(s))
	best, bestCost := diagramID(0), int64(-1)
	for _, w := range d.candidates(s) {
		id := d.branch(s, w)
		if d.budget < 0 {
			return 0
		}
		if cost := d.cost(id); bestCost < 0 || cost < bestCost {
			best, bestCost = id, cost
		}
	}
	d.states[key] = best
	return best
}

// branch returns the diagram that looks at w first.
func (d *diagrams) branch(s state, w word) diagramID {
	var arms []arm
	sweep(d.items(s, w), func(values span, active []residual) {
		if d.budget--; d.budget >= 0 {
			arms = appendArm(arms, arm{values.high, d.child(active)})
		}
	})
	if d.budget < 0 {
		return 0
	}
	return d.intern(diagram{w, arms})
}

func (d *diagrams) child(active []residual) diagramID {
	s := d.settle(active)
	if s.settled() {
		return s[0].to
	}
	if id, ok := d.states[string(d.key(s))]; ok {
		return id
	}
	return d.build(slices.Clone(s))
}

// Where there are few words and literals every word is tried as the first, else
// only the one that promises most.
const (
	fewWords    = 3
	fewLiterals = 8
)

// candidates returns the words to look at first: those that the rules speak of,
// or the one that most of them do; of several such, that of an earlier rule.
func (d *diagrams) candidates(s state) []word {
	var words []word
	var counts []int
	best, literals := 0, 0
	for _, r := range s {
		literals += len(d.conjs[r.conj])
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
	if len(words) <= fewWords && literals <= fewLiterals {
		return words
	}
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return words[best : best+1]
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
			left := residual{r.list, r.to, d.without(r.conj, w, c.then)}
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
	d.costs = append(d.costs, d.estimate(&n))
	d.ids[string(b)] = id
	return id
}

// possible drops arms without any value that the mask lets be, and ends the
// others with their last one that it does.
func possible(arms []arm, mask uint32) []arm {
	var kept []arm
	low := uint32(0)
	for _, a := range arms {
		if high := previousWithin(a.high, mask); high >= low {
			kept = appendArm(kept, arm{high, a.to})
		}
		if a.high >= mask {
			break
		}
		low, _ = nextWithout(a.high+1, ^mask) // there is one, as mask itself is one
	}
	return kept
}
