package asm

import (
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
)

// block is a run of instructions without a jump into it or out of it.
type block struct {
	first, last int
	arms        []arm
}

// arm is a way out of a block.
type arm struct {
	to   uint64 // the index of an instruction, len(program) and more for nowhere
	text string // what was tested, a call by its name; empty for the only way
}

// blocks splits the program at its jumps.
func (n *annotator) blocks() []block {
	var all []block
	leads := leaders(n.program)
	for first := 0; first < len(n.program); {
		end := first + 1
		for end < len(n.program) && !leads[end] {
			end++
		}
		all = append(all, block{first, end - 1, n.arms(end - 1)})
		first = end
	}
	return all
}

// leaders marks the instructions that begin a block.
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

// arms are the ways out of a block that ends with the instruction at last.
func (n *annotator) arms(last int) []arm {
	in, next := n.program[last], uint64(last)+1
	op := lookup(in.Code)
	switch {
	case op.operand == jump:
		return []arm{{to: next + uint64(in.K)}}
	case op.operand == testK || op.operand == testX:
		return []arm{{next + uint64(in.Jt), n.armText(last)}, {next + uint64(in.Jf), "else"}}
	case op.name == "ret":
		return nil
	}
	return []arm{{to: next}}
}

// armText says what the test at pc asks; of a call its name is enough.
func (n *annotator) armText(pc int) string {
	in := n.program[pc]
	op := lookup(in.Code)
	text := n.note(pc)
	if op.operand == testX || text == "" {
		text = plainTest(op, in)
	}
	return strings.TrimPrefix(text, "nr == ")
}

// inBox reports whether a note belongs to its instruction: a test's is at the
// arm.
func (n *annotator) inBox(pc int) bool {
	return lookup(n.program[pc].Code).operand != testK
}
