package asm

import (
	"strconv"

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
func Lines(p bpf.Program) []Line {
	labels := targets(p)
	n := annotate(p)
	lines := make([]Line, len(p))
	for pc := range p {
		l := &lines[pc]
		if labels[pc] {
			l.Label = string(appendLabel(nil, pc))
		}
		l.Text = string(appendInstruction(nil, p, pc))
		l.Note = n.listingNote(pc)
		l.Opposite = isOpposite(p, pc)
	}
	return lines
}

// appendListing writes a line for each instruction: its number, its label, its
// text and what it does.
func appendListing(dst []byte, p bpf.Program) []byte {
	labels := targets(p)
	n := annotate(p)
	for pc := range p {
		start := len(dst)
		dst = appendRight(dst, pc)
		dst = append(dst, "  "...)
		if labels[pc] {
			dst = append(appendLabel(dst, pc), ':')
		}
		dst = pad(dst, start+listingText)
		dst = appendInstruction(dst, p, pc)
		if note := n.listingNote(pc); note != "" {
			dst = append(pad(dst, start+listingNote), "; "...)
			dst = append(dst, note...)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// listingNote tells a test the way round in which appendTest writes it.
func (n *annotator) listingNote(pc int) string {
	if isOpposite(n.program, pc) {
		return n.noteOpposite(pc)
	}
	return n.note(pc)
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
	return strconv.AppendInt(dst, int64(n), 10)
}
