package verify

import "github.com/narrow-sandbox/narrow/bpf"

// A call is sixteen words of 32 bits: arch, nr, then the high and the low
// half of each argument and of the instruction pointer.
const (
	wordArch = 0
	wordNr   = 1
	fieldIP  = 6 // after the arguments 0..5
	fields   = 7
	words    = 2 + 2*fields
	levels   = 32 * words
)

// highWord and lowWord are the halves of a 64-bit field: an argument, or the
// instruction pointer.
func highWord(field int) int { return 2 + 2*field }
func lowWord(field int) int  { return 3 + 2*field }

// layout orders the bits of a call in a diagram, most significant first. Arch
// and number always come first: conditions on arguments hang below the calls
// that they belong to. In which order the arguments follow decides how large
// a diagram gets.
type layout uint8

const (
	// oneByOne keeps each field together: right for comparisons with
	// constants, which is what filters are made of.
	oneByOne layout = iota
	// woven takes bit 63 of every field, then bit 62 and so on: right where a
	// program compares or adds fields.
	woven
)

// level is the place of a bit, 0 the least significant.
func (l layout) level(word, bit int) uint32 {
	if l == oneByOne || word <= wordNr {
		return uint32(32*word + 31 - bit)
	}
	field, half := (word-2)/2, (word-2)%2
	return uint32(64 + fields*(32*half+31-bit) + field)
}

// place is the word and bit at a level: the inverse of level.
func (l layout) place(level uint32) (word, bit int) {
	n := int(level)
	if l == oneByOne || n < 64 {
		return n / 32, 31 - n%32
	}
	down, field := (n-64)/fields, (n-64)%fields
	return 2 + 2*field + down/32, 31 - down%32
}

// setBit sets a bit of a call.
func setBit(d *bpf.Data, word, bit int) {
	switch {
	case word == wordArch:
		d.Arch |= 1 << bit
	case word == wordNr:
		d.Nr |= 1 << bit
	default:
		if word%2 == 0 {
			bit += 32
		}
		*fieldOf(d, (word-2)/2) |= 1 << bit
	}
}

// getBit is a bit of a call.
func getBit(d *bpf.Data, word, bit int) bool {
	switch {
	case word == wordArch:
		return d.Arch>>bit&1 == 1
	case word == wordNr:
		return d.Nr>>bit&1 == 1
	case word%2 == 0:
		bit += 32
	}
	return *fieldOf(d, (word-2)/2)>>bit&1 == 1
}

func fieldOf(d *bpf.Data, field int) *uint64 {
	if field == fieldIP {
		return &d.IP
	}
	return &d.Args[field]
}
