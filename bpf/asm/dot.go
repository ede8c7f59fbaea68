package asm

import (
	"strings"
)

// appendDot writes the control flow for Graphviz: a box for each block, and on
// the edges what was tested, a call by its name.
func (n *annotator) appendDot(dst []byte) []byte {
	dst = append(dst, dotHead...)
	for _, b := range n.blocks() {
		dst = n.appendBox(dst, b)
		for _, a := range b.arms {
			dst = n.appendEdge(dst, b.first, a)
		}
	}
	return append(dst, "}\n"...)
}

const dotHead = `digraph program {
	node [shape=box, fontname="monospace"];
	edge [fontname="monospace"];
`

// appendBox writes the box of a block.
func (n *annotator) appendBox(dst []byte, b block) []byte {
	dst = append(appendNode(append(dst, '\t'), b.first), ` [label="`...)
	for pc := b.first; pc <= b.last; pc++ {
		dst = append(dst, dotEscape(string(appendInstruction(nil, n.program, pc)))...)
		if note := n.note(pc); note != "" && n.inBox(pc) {
			dst = append(dst, dotEscape("  ; "+note)...)
		}
		dst = append(dst, `\l`...)
	}
	dst = append(dst, '"')
	if lookup(n.program[b.last].Code).name == "ret" {
		dst = append(dst, ", style=bold"...)
	}
	return append(dst, "];\n"...)
}

// appendEdge writes an edge; one that leads out of the program ends in a node
// of its own.
func (n *annotator) appendEdge(dst []byte, from int, a arm) []byte {
	dst = append(appendNode(append(dst, '\t'), from), " -> "...)
	if a.to < uint64(len(n.program)) {
		dst = appendNode(dst, int(a.to))
	} else {
		dst = append(dst, `"outside"`...)
	}
	if a.text != "" {
		dst = append(append(append(dst, ` [label="`...), dotEscape(a.text)...), `"]`...)
	}
	return append(dst, ";\n"...)
}

func appendNode(dst []byte, pc int) []byte {
	return appendDecimal(append(dst, 'n'), uint64(pc))
}

// dotEscape makes text fit between double quotes.
func dotEscape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}
