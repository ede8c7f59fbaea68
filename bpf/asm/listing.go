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
	in := n.program[pc]
	if in.Jt == 0 && in.Jf != 0 && lookup(in.Code).opposite != "" {
		return n.noteOpposite(pc)
	}
	return n.note(pc)
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
