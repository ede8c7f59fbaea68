package asm

import (
	"fmt"
	"math"
)

// number reads the number at hand, which begins with a digit: decimal, 0x
// hexadecimal, 0b binary or 0 octal. It reports false, with an error recorded,
// for one that has digits of another base or more than 32 bits; bpfc wraps or
// cuts those, and so does this in compat mode.
func (s *scanner) number() (int64, bool) {
	start := s.pos
	base := s.base()
	digits := s.pos
	value, whole := uint64(0), true
	for _, c := range s.src[digits:] {
		digit := uint64(digitValue(c))
		if digit >= base && !(base == 8 && digit < 10) {
			break
		}
		if digit >= base {
			return s.badOctal(start, digits)
		}
		if value >= roomForDigit && value > (math.MaxUint64-digit)/base {
			whole = false
		}
		value = value*base + digit
		s.pos++
	}
	if s.c {
		s.suffix()
	}
	if whole && value <= math.MaxUint32 {
		return int64(value), true
	}
	return s.wrapped(start, base, value, whole)
}

// roomForDigit is the least value to which a digit more may be too much: below
// it no division needs to tell.
const roomForDigit = 1 << 60

// base passes the prefix of a number and returns its base.
func (s *scanner) base() uint64 {
	if s.src[s.pos] != '0' || s.pos+1 == len(s.src) {
		return 10
	}
	switch next := s.src[s.pos+1]; {
	case next|0x20 == 'x' && s.pos+2 < len(s.src) && digitValue(s.src[s.pos+2]) < 16:
		s.pos += 2
		return 16
	case next|0x20 == 'b' && s.pos+2 < len(s.src) && digitValue(s.src[s.pos+2]) < 2:
		s.pos += 2
		return 2
	case '0' <= next && next <= '9':
		s.pos++
		return 8
	}
	return 10
}

// badOctal passes an octal number with an 8 or a 9, at which bpfc stops to read
// it.
func (s *scanner) badOctal(start, digits int) (int64, bool) {
	value := int64(0)
	for _, c := range s.src[digits:s.pos] {
		value = min(value<<3|int64(c-'0'), math.MaxInt64>>3)
	}
	for s.pos < len(s.src) && '0' <= s.src[s.pos] && s.src[s.pos] <= '9' {
		s.pos++
	}
	text := s.src[start:s.pos]
	if !s.compat {
		s.fail(start, fmt.Sprintf("%s has a digit that octal numbers lack", cut(text)), "a number with a leading 0 is octal")
		return 0, false
	}
	s.warn(start, fmt.Sprintf("bpfc reads %s as %d", cut(text), uint32(value)))
	return int64(uint32(value)), true
}

// suffix passes the U and L that C numbers may end with.
func (s *scanner) suffix() {
	for s.peek()|0x20 == 'u' || s.peek()|0x20 == 'l' {
		s.pos++
	}
}

// wrapped is a number of more than 32 bits. In bpfc strtoul and strtol stop at
// their greatest value, and the lower 32 bits are kept.
func (s *scanner) wrapped(start int, base, value uint64, whole bool) (int64, bool) {
	text := cut(s.src[start:s.pos])
	if !s.compat {
		s.fail(start, text+" does not fit 32 bits", "expected at most 0xffffffff")
		return 0, false
	}
	switch {
	case base == 16 && !whole:
		value = math.MaxUint64
	case base == 16 || whole && value <= math.MaxInt64:
	case start > 0 && s.src[start-1] == '-':
		value = 1 << 63 // of which the lower bits are 0
	default:
		value = math.MaxInt64
	}
	s.warn(start, fmt.Sprintf("bpfc wraps %s to 0x%x", text, uint32(value)))
	return int64(uint32(value)), true
}

// cut shortens a long piece of a source for an error.
func cut(text []byte) string {
	if len(text) > 40 {
		return string(text[:40]) + "..."
	}
	return string(text)
}
