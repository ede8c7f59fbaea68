package asm

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// The columns of a listing.
const (
	listingText = 14 // after the number and the label
	listingNote = 46
)

// Line is one instruction of a listing.
type Line struct {
	Label string // empty where nothing jumps to it
	Text  string // as the Asm format has it
	Note  string // what it does on the paths that lead to it; may be empty

	// Opposite says that Text and Note are of the opposite of the instruction's
	// test: they hold where the program goes on Jf instructions later.
	Opposite bool
}

// Lines is Listing in its parts.
func Lines(p bpf.Program) []Line { return LinesOn(nil, p) }

// LinesOn is Lines with the notes of AppendOn.
func LinesOn(arch *abi.Arch, p bpf.Program) []Line {
	labels := targets(p)
	n := annotate(p, arch)
	lines := make([]Line, len(p))
	for pc := range p {
		l := &lines[pc]
		if labels[pc] {
			l.Label = string(appendLabel(nil, pc))
		}
		l.Text = string(appendInstruction(nil, p, pc))
		l.Opposite = isOpposite(p, pc)
		l.Note = string(n.appendNote(nil, pc, l.Opposite))
	}
	return lines
}

// appendListing writes a line for each instruction: its number, its label, its
// text and what it does.
func (n *annotator) appendListing(dst []byte) []byte {
	p := n.program
	labels := targets(p)
	for pc := range p {
		start := len(dst)
		dst = appendRight(dst, pc)
		dst = append(dst, "  "...)
		if labels[pc] {
			dst = append(appendLabel(dst, pc), ':')
		}
		dst = pad(dst, start+listingText)
		dst = appendInstruction(dst, p, pc)
		dst = append(n.appendListingNote(dst, pc, start+listingNote), '\n')
	}
	return dst
}

// appendListingNote writes a note, if there is one, at a column.
func (n *annotator) appendListingNote(dst []byte, pc, column int) []byte {
	bare := len(dst)
	dst = append(pad(dst, column), "; "...)
	begun := len(dst)
	if dst = n.appendNote(dst, pc, isOpposite(n.program, pc)); len(dst) == begun {
		return dst[:bare]
	}
	return dst
}

// isOpposite reports whether the text of the instruction at pc is the opposite
// of its test.
func isOpposite(p bpf.Program, pc int) bool {
	in := p[pc]
	return in.Jt == 0 && in.Jf != 0 && lookup(in.Code).opposite != "" && expressible(p, pc)
}

// pad adds blanks up to a column, and one at least.
func pad(dst []byte, column int) []byte {
	dst = append(dst, ' ')
	for len(dst) < column {
		dst = append(dst, ' ')
	}
	return dst
}

// appendRight writes a number that ends at a column of four.
func appendRight(dst []byte, n int) []byte {
	for limit := 1000; limit > 1 && n < limit; limit /= 10 {
		dst = append(dst, ' ')
	}
	return appendDecimal(dst, uint64(n))
}
