package asm

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// fieldName names the word of struct seccomp_data at offset, a multiple of 4
// below bpf.SizeData.
func fieldName(offset uint8, order bpf.ByteOrder) string {
	half := "lo"
	if isHigh(offset, order) {
		half = "hi"
	}
	switch {
	case offset == bpf.OffNr:
		return "nr"
	case offset == bpf.OffArch:
		return "arch"
	case offset < bpf.OffArgs:
		return "ip." + half
	}
	return fmt.Sprintf("args[%d].%s", (offset-bpf.OffArgs)/8, half)
}

// isHigh reports whether the word at offset is the high one of a 64-bit field.
func isHigh(offset uint8, order bpf.ByteOrder) bool {
	return (offset%8 == 4) != (order == bpf.BigEndian)
}

// atField reports whether the name of a field of struct seccomp_data is at hand.
func (s *scanner) atField() bool {
	end := s.pos
	for end < len(s.src) && isWord(s.src[end]) {
		end++
	}
	return isField(s.src[s.pos:end])
}

func isField(word []byte) bool {
	switch string(word) {
	case "nr", "arch", "ip", "instruction_pointer", "args":
		return true
	}
	return false
}

// field reads a field of struct seccomp_data: nr, arch, ip or
// instruction_pointer, args[0] to args[5]. It returns the field's offset, and
// whether the field has 64 bits.
func (s *scanner) field() (offset uint32, wide, ok bool) {
	start := s.pos
	switch string(s.word()) {
	case "nr":
		return bpf.OffNr, false, true
	case "arch":
		return bpf.OffArch, false, true
	case "ip", "instruction_pointer":
		return bpf.OffIP, true, true
	case "args":
		n, ok := s.index()
		return bpf.OffArgs + 8*n, true, ok
	}
	s.fail(start, "no field of seccomp_data", "expected nr, arch, ip or args[0] to args[5]")
	return 0, false, false
}

// index reads the [n] behind args.
func (s *scanner) index() (uint32, bool) {
	if !s.take('[') {
		s.fail(s.pos, "unexpected "+s.found(), "expected [0] to [5] behind args")
		return 0, false
	}
	s.blanks()
	c, at := s.peek(), s.pos
	if c < '0' || c > '5' || s.pos+1 < len(s.src) && isWord(s.src[s.pos+1]) {
		s.fail(at, "a call has no argument "+s.found(), "expected args[0] to args[5]")
		return 0, false
	}
	s.pos++
	if !s.take(']') {
		s.fail(s.pos, "unexpected "+s.found(), "expected ]")
		return 0, false
	}
	return uint32(c - '0'), true
}

// offsetof reads what stands behind C's offsetof: (struct seccomp_data, field).
func (s *scanner) offsetof() (int64, bool) {
	ok := s.take('(') && s.keyword("struct") && s.keyword("seccomp_data") && s.take(',')
	if !ok {
		s.fail(s.pos, "unexpected "+s.found(), "expected offsetof(struct seccomp_data, FIELD)")
		return 0, false
	}
	s.blanks()
	offset, _, ok := s.field()
	if !ok {
		return 0, false
	}
	if !s.take(')') {
		s.fail(s.pos, "unexpected "+s.found(), "expected )")
		return 0, false
	}
	return int64(offset), true
}

// keyword passes a word if it is the one at hand.
func (s *scanner) keyword(word string) bool {
	s.blanks()
	start := s.pos
	if string(s.word()) == word {
		return true
	}
	s.pos = start
	return false
}
