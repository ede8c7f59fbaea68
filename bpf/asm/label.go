package asm

import "fmt"

// symbol returns the index of a label's name, new or known.
func (a *assembler) symbol(name []byte) int32 {
	if i, ok := a.labels[string(name)]; ok {
		return i
	}
	i := int32(len(a.symbols))
	a.symbols = append(a.symbols, symbol{name: name, line: undefined})
	a.labels[string(name)] = i
	return i
}

// define makes a label stand before the next instruction.
func (a *assembler) define(start int, name []byte) {
	s := &a.symbols[a.symbol(name)]
	if s.line == undefined {
		s.line, s.defined = int32(len(a.lines)), int32(start)
		return
	}
	first := lineOf(a.src, int(s.defined))
	if a.options.BpfcCompat {
		a.warn(start, fmt.Sprintf("bpfc ignores this second label %s and keeps the one of line %d", cut(name), first))
		return
	}
	a.fail(start, "a second label "+cut(name), fmt.Sprintf("the first is in line %d", first))
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
			a.fail(int(s.defined), "label "+cut(s.name)+" stands before no instruction", "expected an instruction behind it")
		case !s.used && !failed:
			a.warn(int(s.defined), "label "+cut(s.name)+" is not used")
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
		a.fail(int(r.at), "undefined label "+cut(s.name), a.suggestLabel(s.name))
	case int(s.line) == len(a.lines):
	case int(s.line) > i || a.backward(i):
		return
	default:
		a.fail(int(r.at), fmt.Sprintf("a jump back to %s in line %d", cut(s.name), lineOf(a.src, int(s.defined))),
			"programs jump forward only")
	}
	r.symbol = nowhere
}

// backward reports whether the jump in line i may lead back: in bpfc's bytes
// any may, and with its -b the ones that can say so.
func (a *assembler) backward(i int) bool {
	return a.options.BpfcCompat || a.options.Bypass && lookup(a.lines[i].in.Code).operand == jump
}
