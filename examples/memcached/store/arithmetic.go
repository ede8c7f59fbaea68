package store

import (
	"bytes"
	"math"
	"strconv"
)

// Delta is a number to add to the decimal number that an item holds, or to
// take from it.
type Delta struct {
	By   uint64
	Down bool   // never below 0; up wraps round at 2^64
	CAS  uint64 // the version that the item must have; 0: any
}

// DeltaResult is what became of it.
type DeltaResult uint8

// The results.
const (
	Changed DeltaResult = iota
	Missing
	NotANumber
	OtherVersion
	NoRoom
)

// Apply changes the number in the slot and returns its digits. As in
// memcached, a number that gets shorter keeps its length by blanks behind it.
func (s *Slot) Apply(d Delta) ([]byte, DeltaResult) {
	old := s.Item
	switch {
	case old == nil:
		return nil, Missing
	case len(old.Value) == 0 || Size(len(s.key), old.Flags, len(old.Value)) > largestChunk:
		return nil, NotANumber
	case d.CAS != 0 && d.CAS != old.CAS:
		return nil, OtherVersion
	}
	n, ok := Number(old.Value)
	if !ok {
		return nil, NotANumber
	}
	switch {
	case !d.Down:
		n += d.By
	case d.By > n:
		n = 0
	default:
		n -= d.By
	}
	digits := strconv.AppendUint(nil, n, 10)
	if !s.Put(old.holding(digits)) {
		return nil, NoRoom
	}
	return digits, Changed
}

// holding is the item with other digits. memcached changes it in its place if
// they fit, and else makes a new one, without the old one's marks.
func (it *Item) holding(digits []byte) *Item {
	short := len(it.Value) - len(digits)
	if short < 0 {
		return &Item{Value: digits, Flags: it.Flags, Expires: it.Expires}
	}
	same := *it
	same.Value = append(bytes.Clone(digits), bytes.Repeat([]byte{' '}, short)...)
	return &same
}

// Number reads an unsigned 64-bit number as C's strtoull does: blanks, a sign,
// digits, and then the end, a NUL or a blank. A negative number wraps round, but for
// one that would be 2^63 or more, which is refused as memcached does.
func Number(text []byte) (uint64, bool) {
	digits := bytes.TrimLeft(text, blanks)
	negative := false
	if len(digits) > 0 && (digits[0] == '-' || digits[0] == '+') {
		negative = digits[0] == '-'
		digits = digits[1:]
	}
	var n uint64
	i := 0
	for ; i < len(digits) && digits[i] >= '0' && digits[i] <= '9'; i++ {
		d := uint64(digits[i] - '0')
		if n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	if i == 0 || i < len(digits) && digits[i] != 0 && bytes.IndexByte([]byte(blanks), digits[i]) < 0 {
		return 0, false
	}
	if negative {
		n = -n
		if n > math.MaxInt64 {
			return 0, false
		}
	}
	return n, true
}

// blanks are C's white space.
const blanks = " \t\n\v\f\r"
