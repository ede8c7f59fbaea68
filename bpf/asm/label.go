package asm

import "fmt"

// label returns the index of a label's name that is at start.
func (a *assembler) label(start int, name []byte) (int32, bool) {
	i := a.intern(start, start+len(name))
	if i == undefined {
		a.fail(start, fmt.Sprintf("%s is %s and no label", cut(name), reserved(name)), "")
	}
	return i, i != undefined
}

// define makes a label stand before the next instruction.
func (a *assembler) define(start int, i int32) {
	s := &a.symbols[i]
	if s.line == undefined {
		s.line, s.defined = int32(len(a.lines)), int32(start)
		return
	}
	again := problem{at: start, other: int(s.defined)}
	if a.options.BpfcCompat {
		again.warning = true
		again.what = "bpfc ignores this second label " + cut(a.name(s)) + " and keeps the one of line " + otherLine
	} else {
		again.what = "a second label " + cut(a.name(s))
		again.hint = "the first is in line " + otherLine
	}
	a.note(again)
}

// checkLabels records labels without an instruction, unused ones, and those
// that jumps name and nobody defines.
func (a *assembler) checkLabels() {
	failed := a.failed() // then a jump may be missing
	for i := range a.symbols {
		s := &a.symbols[i]
		switch {
		case s.line == undefined:
		case int(s.line) == len(a.lines):
			a.fail(int(s.defined), "label "+cut(a.name(s))+" stands before no instruction", "expected an instruction behind it")
		case !s.used && !failed:
			a.warn(int(s.defined), "label "+cut(a.name(s))+" is not used")
		}
	}
	for i := range a.lines {
		a.checkRef(&a.lines[i].jt, i)
		a.checkRef(&a.lines[i].jf, i)
	}
}

// checkRef records what is wrong with the target of a jump in line i, and
// makes a wrong one lead to the next instruction.
func (a *assembler) checkRef(r *ref, i int) {
	if r.symbol == nowhere {
		return
	}
	s := &a.symbols[r.symbol]
	switch {
	case s.line == undefined:
		a.fail(int(r.at), "undefined label "+cut(a.name(s)), a.suggestLabel(a.name(s)))
	case int(s.line) == len(a.lines):
	case int(s.line) > i || a.backward(i):
		return
	default:
		a.note(problem{at: int(r.at), other: int(s.defined),
			what: "a jump back to " + cut(a.name(s)) + " in line " + otherLine, hint: "programs jump forward only"})
	}
	r.symbol = nowhere
	a.lines[i].lost = true
}

// backward reports whether the jump in line i may lead back: in bpfc's bytes
// any may, and with its -b the ones that can say so.
func (a *assembler) backward(i int) bool {
	return a.options.BpfcCompat || a.options.Bypass && lookup(a.lines[i].in.Code).operand == jump
}
