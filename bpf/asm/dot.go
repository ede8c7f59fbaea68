package asm

import (
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
)

// appendDot writes the control flow for Graphviz: a box for each run of
// instructions without a jump into it or out of it, and on the edges what was
// tested, a call by its name.
func appendDot(dst []byte, p bpf.Program) []byte {
	dst = append(dst, dotHead...)
	n := annotate(p)
	leads := leaders(p)
	for pc := 0; pc < len(p); {
		end := pc + 1
		for end < len(p) && !leads[end] {
			end++
		}
		dst = n.appendBlock(dst, pc, end)
		dst = n.appendEdges(dst, pc, end-1)
		pc = end
	}
	return append(dst, "}\n"...)
}

const dotHead = `digraph program {
	node [shape=box, fontname="monospace"];
	edge [fontname="monospace"];
`

// leaders marks the instructions that begin a box.
func leaders(p bpf.Program) []bool {
	marks := make([]bool, len(p)+1)
	for pc, in := range p {
		switch op := lookup(in.Code); {
		case op.operand == jump:
			mark(marks, uint64(pc)+1+uint64(in.K))
		case op.operand == testK || op.operand == testX:
			mark(marks, uint64(pc)+1+uint64(in.Jt))
			mark(marks, uint64(pc)+1+uint64(in.Jf))
		case op.name != "ret":
			continue
		}
		marks[pc+1] = true
	}
	return marks
}

func mark(marks []bool, pc uint64) {
	if pc < uint64(len(marks)) {
		marks[pc] = true
	}
}

// appendBlock writes the box of the instructions from pc up to end.
func (n *annotator) appendBlock(dst []byte, pc, end int) []byte {
	dst = append(appendNode(append(dst, '\t'), pc), ` [label="`...)
	for i := pc; i < end; i++ {
		dst = append(dst, dotEscape(string(appendInstruction(nil, n.program, i)))...)
		if note := n.note(i); note != "" && n.inBox(i) {
			dst = append(dst, dotEscape("  ; "+note)...)
		}
		dst = append(dst, `\l`...)
	}
	dst = append(dst, '"')
	if lookup(n.program[end-1].Code).name == "ret" {
		dst = append(dst, ", style=bold"...)
	}
	return append(dst, "];\n"...)
}

// inBox reports whether a note belongs into the box: a test's is on its edge.
func (n *annotator) inBox(pc int) bool {
	return lookup(n.program[pc].Code).operand != testK
}

// appendEdges writes where the box from pc to last leads.
func (n *annotator) appendEdges(dst []byte, pc, last int) []byte {
	in := n.program[last]
	op := lookup(in.Code)
	next := uint64(last) + 1
	switch {
	case op.operand == jump:
		return n.appendEdge(dst, pc, next+uint64(in.K), "")
	case op.operand == testK || op.operand == testX:
		text := n.note(last)
		if op.operand == testX || text == "" {
			text = plainTest(op, in)
		}
		text = strings.TrimPrefix(text, "nr == ")
		dst = n.appendEdge(dst, pc, next+uint64(in.Jt), text)
		return n.appendEdge(dst, pc, next+uint64(in.Jf), "else")
	case op.name == "ret":
		return dst
	}
	return n.appendEdge(dst, pc, next, "")
}

// appendEdge writes an edge; one that leads out of the program ends in a node
// of its own.
func (n *annotator) appendEdge(dst []byte, from int, to uint64, text string) []byte {
	dst = append(appendNode(append(dst, '\t'), from), " -> "...)
	if to < uint64(len(n.program)) {
		dst = appendNode(dst, int(to))
	} else {
		dst = append(dst, `"outside"`...)
	}
	if text != "" {
		dst = append(append(append(dst, ` [label="`...), dotEscape(text)...), `"]`...)
	}
	return append(dst, ";\n"...)
}

func appendNode(dst []byte, pc int) []byte {
	return strconv.AppendInt(append(dst, 'n'), int64(pc), 10)
}

// dotEscape makes text fit between double quotes.
func dotEscape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
}
