package verify

import (
	"slices"
	"sort"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// smallest is the call of a set that is easiest to read: of an architecture
// and with a number that the tables know, else of such an architecture, else
// any; the number as low as possible, then as few arguments that are not 0 as
// possible, these small. The set must not be empty.
func (s *space) smallest(set node) bpf.Data {
	arches := abi.Arches()
	for _, a := range arches {
		below := s.within1(set, wordArch, a.Audit)
		if below == no {
			continue
		}
		if nr, ok := s.lowest(below, s.numbersOf(a), 31); ok {
			return s.fewest(s.within1(below, wordNr, nr), bpf.Data{Arch: a.Audit, Nr: nr})
		}
	}
	for _, a := range arches {
		if below := s.within1(set, wordArch, a.Audit); below != no {
			return s.fewest(below, bpf.Data{Arch: a.Audit})
		}
	}
	return s.fewest(set, bpf.Data{})
}

// numbersOf lists the known call numbers of an architecture, ascending.
func numbersOf(a *abi.Arch) []uint32 {
	calls := a.Calls()
	numbers := make([]uint32, len(calls))
	for i := range calls {
		numbers[i] = calls[i].Nr
	}
	slices.Sort(numbers)
	return numbers
}

// numbersOf is the numbers of an architecture, sorted once.
func (s *space) numbersOf(a *abi.Arch) []uint32 {
	if s.numbers[a] == nil {
		s.numbers[a] = numbersOf(a)
	}
	return s.numbers[a]
}

// lowest is the first of some numbers, which ascend and are the same above a
// bit, that calls of a set have. No bit of the set is above that one.
func (s *space) lowest(set node, numbers []uint32, bit int) (nr uint32, ok bool) {
	if set == no || len(numbers) == 0 {
		return 0, false
	}
	if w, _ := s.layout.place(s.nodes[set].level); bit < 0 || w > wordNr {
		return numbers[0], true
	}
	low, high := s.below(set, s.layout.level(wordNr, bit))
	ones := sort.Search(len(numbers), func(i int) bool { return numbers[i]>>bit&1 == 1 })
	if nr, ok = s.lowest(low, numbers[:ones], bit-1); ok {
		return nr, true
	}
	return s.lowest(high, numbers[ones:], bit-1)
}

// within1 is f where arch or nr, which no bit of f precedes, is k: what
// remains depends on later bits only.
func (s *space) within1(f node, word int, k uint32) node {
	for {
		v := s.nodes[f]
		if v.level == leafLevel {
			return f
		}
		w, bit := s.layout.place(v.level)
		switch {
		case w != word:
			return f
		case k>>bit&1 == 1:
			f = v.high
		default:
			f = v.low
		}
	}
}

// fewest completes a call from the bits that set still depends on.
func (s *space) fewest(set node, call bpf.Data) bpf.Data {
	c := costs{space: s, memo: map[cost]uint8{}}
	used := uint8(0)
	for set != yes {
		v := s.nodes[set]
		word, bit := s.layout.place(v.level)
		low, high := c.of(v.low, used), c.of(v.high, used|s.field(v.level))
		if high+c.price(v.level, used) < low {
			setBit(&call, word, bit)
			used |= s.field(v.level)
			set = v.high
		} else {
			set = v.low
		}
	}
	return call
}

// costs finds how many more fields must be other than 0.
type costs struct {
	*space
	memo map[cost]uint8
}

// cost is a place in the search: a set, and the fields already used, as bits.
type cost struct {
	set  node
	used uint8
}

const impossible = 100 // above any count of fields, and far from overflow

// of is the least number of fields, besides those used, that a call of set needs.
func (c *costs) of(set node, used uint8) uint8 {
	switch set {
	case no:
		return impossible
	case yes:
		return 0
	}
	v := c.nodes[set]
	used &= c.after(v.level)
	key := cost{set, used}
	if n, ok := c.memo[key]; ok {
		return n
	}
	high := c.of(v.high, used|c.field(v.level)) + c.price(v.level, used)
	n := min(c.of(v.low, used), high)
	c.memo[key] = n
	return n
}

// price is 1 if a bit set at level uses a field that is not used yet.
func (c *costs) price(level uint32, used uint8) uint8 {
	if c.field(level)&^used != 0 {
		return 1
	}
	return 0
}

// field is the field that a level belongs to, as a bit; 0 for arch and nr.
func (s *space) field(level uint32) uint8 {
	if w, _ := s.layout.place(level); w > wordNr {
		return 1 << ((w - 2) / 2)
	}
	return 0
}

// after is the fields that have bits at level or below it.
func (s *space) after(level uint32) uint8 {
	if s.layout == woven || level < 64 {
		return 1<<fields - 1
	}
	return (1<<fields - 1) &^ (s.field(level) - 1)
}
