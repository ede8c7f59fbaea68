package compile

import (
	"encoding/binary"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// A filter sees an argument as two 32-bit words. So a condition is turned into
// literals, each about one word: a condition on 64 bits becomes one on the high
// word, which for each interval of that word's values leaves another on the low
// word. Equal literals and conjunctions are the same number.

// word is what one load and one `and` bring into the accumulator.
type word struct {
	offset uint32 // in seccomp_data
	mask   uint32
}

// span is the values low..high.
type span struct{ low, high uint32 }

// conjID names a conjunction of literals: what must still hold of a call.
type conjID int32

const (
	never  conjID = -1 // no call fits
	always conjID = 0  // the empty conjunction
)

// choice is some values of a word and what must hold besides for these.
type choice struct {
	span
	then conjID
}

// literal holds where its word has a value of one of the choices, and what this
// one says holds too. Choices are ascending and disjoint.
type literal struct {
	word    word
	choices []choice
}

type literalID int32

// predicates holds the literals and conjunctions of all rules.
type predicates struct {
	literals   []literal
	literalIDs map[string]literalID
	conjs      [][]literalID // each ordered by word, one literal a word
	conjIDs    map[string]conjID
	scratch    []byte
}

func newPredicates() *predicates {
	return &predicates{
		literalIDs: map[string]literalID{},
		conjs:      [][]literalID{nil},
		conjIDs:    map[string]conjID{"": always},
	}
}

// rule returns the conjunction of a rule's conditions.
func (p *predicates) rule(a *abi.Arch, conds []policy.Cond) conjID {
	id := always
	for i := range conds {
		id = p.and(id, p.cond(a, &conds[i]))
	}
	return id
}

// cond returns one condition.
func (p *predicates) cond(a *abi.Arch, c *policy.Cond) conjID {
	mask := c.Mask
	if c.Operand.High < 0 {
		mask &= 1<<c.Operand.Bits - 1
	}
	low, high := words(a, c.Operand)
	low.mask, high.mask = uint32(mask), uint32(mask>>32)
	switch {
	case high.mask == 0:
		return p.literal(low, onLow(c.Ranges))
	case low.mask == 0:
		return p.literal(high, onHigh(c.Ranges))
	}
	return p.literal(high, p.onBoth(low, c.Ranges))
}

// words returns where the halves of an operand are. On big-endian architectures
// the high word of a register comes first.
func words(a *abi.Arch, o policy.Operand) (low, high word) {
	const args = 16 // offsetof(struct seccomp_data, args)
	near, far := uint32(0), uint32(4)
	if a.BigEndian {
		near, far = far, near
	}
	low.offset = args + 8*uint32(o.Reg) + near
	if o.High >= 0 {
		high.offset = args + 8*uint32(o.High) + near
	} else {
		high.offset = args + 8*uint32(o.Reg) + far
	}
	return low, high
}

const maxWord = 1<<32 - 1

// onLow restricts ranges to values whose high word is zero.
func onLow(ranges []policy.Range) (choices []choice) {
	for _, r := range ranges {
		if r.Low <= maxWord {
			choices = append(choices, choice{span{uint32(r.Low), uint32(min(r.High, maxWord))}, always})
		}
	}
	return choices
}

// onHigh restricts ranges to values whose low word is zero.
func onHigh(ranges []policy.Range) (choices []choice) {
	for _, r := range ranges {
		low, high := r.Low>>32, r.High>>32
		if uint32(r.Low) != 0 {
			low++
		}
		if low <= high {
			choices = append(choices, choice{span{uint32(low), uint32(high)}, always})
		}
	}
	return choices
}

// onBoth cuts ranges into intervals of the high word with what each wants of
// the low word.
func (p *predicates) onBoth(low word, ranges []policy.Range) []choice {
	var halves []half
	for _, r := range ranges {
		halves = appendHalves(halves, r)
	}
	choices := make([]choice, len(halves))
	for i, h := range halves {
		choices[i] = choice{h.high, p.literal(low, h.low)}
	}
	return choices
}

// half is an interval of the high word and the values of the low word there.
type half struct {
	high span
	low  []choice
}

// appendHalves adds one range, which is above all before: the part in its first
// high word, the part in its last, and whatever is whole between them.
func appendHalves(halves []half, r policy.Range) []half {
	first, last := uint32(r.Low>>32), uint32(r.High>>32)
	low, high := uint32(r.Low), uint32(r.High)
	if first == last {
		return appendHalf(halves, span{first, first}, span{low, high})
	}
	if low != 0 {
		halves = appendHalf(halves, span{first, first}, span{low, maxWord})
		first++
	}
	if high == maxWord {
		return appendHalf(halves, span{first, last}, span{0, maxWord})
	}
	if first < last {
		halves = appendHalf(halves, span{first, last - 1}, span{0, maxWord})
	}
	return appendHalf(halves, span{last, last}, span{0, high})
}

// appendHalf adds values of the low word to the last half if that has the same
// high word, else a new half.
func appendHalf(halves []half, high, low span) []half {
	c := choice{low, always}
	if n := len(halves); n > 0 && halves[n-1].high == high {
		halves[n-1].low = append(halves[n-1].low, c)
		return halves
	}
	return append(halves, half{high, []choice{c}})
}

// literal returns the conjunction of just one literal, or less where the word
// does not matter.
func (p *predicates) literal(w word, choices []choice) conjID {
	w, choices = widen(w, choices)
	choices = tighten(w.mask, choices)
	if len(choices) == 0 {
		return never
	}
	if c := choices[0]; c.low == 0 && c.high == w.mask {
		return c.then
	}
	return p.conj([]literalID{p.internLiteral(literal{w, choices})})
}

// widen makes a comparison of the whole word from one of its topmost bits, which
// needs no `and`: x & 0xfffff000 in a..b means a <= x <= b | 0xfff.
func widen(w word, choices []choice) (word, []choice) {
	below := w.mask ^ maxWord
	if w.mask == 0 || below == 0 || below&(below+1) != 0 {
		return w, choices
	}
	var wide []choice
	for _, c := range choices {
		if low, ok := nextWithout(c.low, below); ok {
			wide = append(wide, choice{span{low, c.high | below}, c.then}) // empty if no value fits
		}
	}
	return word{w.offset, maxWord}, wide
}

// tighten shrinks choices to values that the mask lets be, drops the empty and
// the impossible, and merges neighbours.
func tighten(mask uint32, choices []choice) []choice {
	var tight []choice
	for _, c := range choices {
		low, ok := nextWithout(c.low, ^mask)
		high := previousWithin(c.high, mask)
		if !ok || low > high || c.then == never {
			continue
		}
		if n := len(tight); n > 0 && tight[n-1].then == c.then && follows(tight[n-1].high, low, mask) {
			tight[n-1].high = high
			continue
		}
		tight = append(tight, choice{span{low, high}, c.then})
	}
	return tight
}

// follows reports whether b is the next value after a that the mask lets be.
func follows(a, b, mask uint32) bool {
	if a == maxWord {
		return false
	}
	next, ok := nextWithout(a+1, ^mask)
	return ok && next == b
}

// previousWithin returns the greatest value up to x that has no bit outside
// mask.
func previousWithin(x, mask uint32) uint32 {
	if outside := x &^ mask; outside != 0 {
		below := lowBits(outside) >> 1
		return x&^(below<<1|1) | mask&below
	}
	return x
}

func (p *predicates) internLiteral(l literal) literalID {
	b := p.scratch[:0]
	b = binary.LittleEndian.AppendUint32(b, l.word.offset)
	b = binary.LittleEndian.AppendUint32(b, l.word.mask)
	for _, c := range l.choices {
		b = binary.LittleEndian.AppendUint32(b, c.low)
		b = binary.LittleEndian.AppendUint32(b, c.high)
		b = binary.LittleEndian.AppendUint32(b, uint32(c.then))
	}
	p.scratch = b
	if id, ok := p.literalIDs[string(b)]; ok {
		return id
	}
	id := literalID(len(p.literals))
	p.literals = append(p.literals, l)
	p.literalIDs[string(b)] = id
	return id
}

// conj returns the conjunction of literals, which are ordered by word.
func (p *predicates) conj(literals []literalID) conjID {
	b := p.scratch[:0]
	for _, l := range literals {
		b = binary.LittleEndian.AppendUint32(b, uint32(l))
	}
	p.scratch = b
	if id, ok := p.conjIDs[string(b)]; ok {
		return id
	}
	id := conjID(len(p.conjs))
	p.conjs = append(p.conjs, slices.Clone(literals))
	p.conjIDs[string(b)] = id
	return id
}

// and returns what holds where both x and y do.
func (p *predicates) and(x, y conjID) conjID {
	switch {
	case x == never || y == never:
		return never
	case x == always || x == y:
		return y
	case y == always:
		return x
	}
	for _, l := range p.conjs[y] {
		if x = p.andLiteral(x, l); x == never {
			break
		}
	}
	return x
}

// andLiteral adds one literal to x.
func (p *predicates) andLiteral(x conjID, l literalID) conjID {
	if x == never {
		return never
	}
	literals := p.conjs[x]
	i, found := slices.BinarySearchFunc(literals, p.literals[l].word, func(m literalID, w word) int {
		return compareWords(p.literals[m].word, w)
	})
	if !found {
		return p.conj(slices.Insert(slices.Clone(literals), i, l))
	}
	rest := p.conj(slices.Delete(slices.Clone(literals), i, i+1))
	return p.and(rest, p.intersect(p.literals[literals[i]], p.literals[l]))
}

// intersect returns what holds where two literals about the same word do.
func (p *predicates) intersect(a, b literal) conjID {
	var both []choice
	for i, j := 0, 0; i < len(a.choices) && j < len(b.choices); {
		x, y := a.choices[i], b.choices[j]
		s := span{max(x.low, y.low), min(x.high, y.high)}
		if s.low <= s.high {
			both = append(both, choice{s, p.and(x.then, y.then)})
		}
		if x.high < y.high {
			i++
		} else {
			j++
		}
	}
	return p.literal(a.word, both)
}

func compareWords(a, b word) int {
	if a.offset != b.offset {
		return int(a.offset) - int(b.offset)
	}
	return compare(int64(a.mask), int64(b.mask))
}

// without returns x with its literal about w decided: what is left of x where w
// has a value that leads to then.
func (p *predicates) without(x conjID, w word, then conjID) conjID {
	var rest []literalID
	for _, l := range p.conjs[x] {
		if p.literals[l].word != w {
			rest = append(rest, l)
		}
	}
	return p.and(p.conj(rest), then)
}

// about returns x's literal on w, or nil.
func (p *predicates) about(x conjID, w word) *literal {
	for _, l := range p.conjs[x] {
		if p.literals[l].word == w {
			return &p.literals[l]
		}
	}
	return nil
}
