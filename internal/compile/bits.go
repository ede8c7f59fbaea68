package compile

import "math/bits"

// One jset can decide between two targets: if K has no bit that any value of
// the one sets, and every value of the other has a bit of K. If any K does, so
// does the greatest one: all bits that no value of the first sets. An interval
// that grows shrinks K, so once it fails it fails for good.

// bits tries for every interval that begins with i to tell its two targets apart
// by bits. Values without a bit go to cell i's target or, if swap, to the other.
func (s *searcher) bits(i int, swap bool) {
	var or uint32
	how := method{kind: byBits}
	if swap {
		how.at = 1
	}
	first, second := s.cells[i].to, noNode
	for j := i; j < len(s.cells); j++ {
		c := s.cells[j]
		if c.to != first && second == noNode {
			second = c.to
		}
		if c.to != first && c.to != second {
			return
		}
		clear := (c.to == first) != swap
		if clear {
			or |= union(c.low, c.high)
		}
		if !s.allSet(i, j, s.mask&^or, clear, first, swap) {
			return
		}
		if second != noNode && (j > i+1 || s.only) { // else two cells are as well split
			s.offer(i, j, s.step(i, j), how)
		}
	}
}

// emitBits makes the test that bits found.
func (s *searcher) emitBits(i, j int, swap bool) nodeID {
	var or uint32
	first, second := s.cells[i].to, noNode
	for _, c := range s.cells[i : j+1] {
		if c.to != first {
			second = c.to
		}
		if (c.to == first) != swap {
			or |= union(c.low, c.high)
		}
	}
	if swap {
		first, second = second, first
	}
	return s.g.test(opBits, s.mask&^or, second, first)
}

// topBit returns the highest bit in which values of i..j differ, and the first
// cell whose values all have it, if all of the cells before have not.
func (s *searcher) topBit(i, j int) (bit uint32, k int) {
	low, high := s.cells[i].low, s.cells[j].high
	below := lowBits(low^high) >> 1
	boundary := high &^ below
	for k := i + 1; k <= j; k++ {
		if s.cells[k-1].high < boundary && boundary <= s.cells[k].low {
			return below + 1, k
		}
	}
	return 0, 0
}

// splitBit tries to split i..j in two by a bit.
func (s *searcher) splitBit(i, j int) {
	n := len(s.cells)
	if bit, k := s.topBit(i, j); bit != 0 {
		s.offer(i, j, s.cost[i*n+k-1]+s.cost[k*n+j]+s.step(i, j), method{bySplit, uint16(k)})
	}
}

// allSet reports whether all values of i..j that should have a bit of test do;
// if test is as it was without j, only j is looked at.
func (s *searcher) allSet(i, j int, test uint32, changed bool, first nodeID, swap bool) bool {
	from := i
	if !changed {
		from = j
	}
	for _, c := range s.cells[from : j+1] {
		if clear := (c.to == first) != swap; !clear && anyWithout(c.low, c.high, test|^s.mask) {
			return false
		}
	}
	return true
}

// union returns the bits that any of low..high has. Where low and high differ
// first, one of them has a one and the other a zero, and all values of the bits
// below come between them.
func union(low, high uint32) uint32 {
	return high | lowBits(low^high)
}

// lowBits returns ones from the highest bit of x on down.
func lowBits(x uint32) uint32 { return 1<<bits.Len32(x) - 1 }

// anyWithout reports whether any of low..high has none of the bits in test.
func anyWithout(low, high, test uint32) bool {
	x, ok := nextWithout(low, test)
	return ok && x <= high
}

// nextWithout returns the least value from x on that has none of the bits in
// test.
func nextWithout(x, test uint32) (uint32, bool) {
	for x&test != 0 {
		// Carry over the highest offending bit; lower ones become zero.
		b := bits.Len32(x & test)
		next := (uint64(x)>>b + 1) << b
		if next > 1<<32-1 {
			return 0, false
		}
		x = uint32(next)
	}
	return x, true
}
