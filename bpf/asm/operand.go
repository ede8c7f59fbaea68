package asm

import (
	"fmt"
	"strconv"

	"github.com/narrow-sandbox/narrow/bpf"
)

// operands reads what stands behind a mnemonic and completes the instruction.
// It reports false after recording an error.
func (a *assembler) operands(l *line, m mnemonic, word []byte) bool {
	a.blanks()
	if a.peek() == ':' {
		a.fail(int(l.at), cut(word)+" is a mnemonic and no label", "")
		a.pos++
		return false
	}
	switch m.shape {
	case shapeLoad, shapeLoadPart, shapeLoadX, shapeLoadNib:
		return a.load(l, m.shape)
	case shapeLoadImm:
		a.take('#')
		return a.k(l)
	case shapeStore:
		return a.memory(l)
	case shapeJump:
		return a.target(&l.jt)
	case shapeTest, shapeTestFalse:
		return a.test(l, m.shape == shapeTestFalse)
	case shapeALU:
		return a.source(l)
	case shapeReturn:
		return a.returned(l)
	}
	return true
}

// k reads an expression into the instruction's K.
func (a *assembler) k(l *line) (ok bool) {
	l.in.K, ok = a.expression(a)
	return ok
}

// wrong records that an operand is not of a kind that the mnemonic takes.
func (a *assembler) wrong(expected string) bool {
	hint := "expected " + expected
	if c := a.peek(); '0' <= c && c <= '9' || c == '-' {
		hint += "; a number has a # before it"
	}
	a.fail(a.pos, "unexpected "+a.found(), hint)
	return false
}

// loadOperands says what each kind of load takes.
var loadOperands = [...]string{
	shapeLoad:     "#k, [k], [x + k], M[k] or an extension",
	shapeLoadPart: "[k], [x + k] or an extension",
	shapeLoadX:    "#k, M[k], len or 4*([k]&0xf)",
	shapeLoadNib:  "4*([k]&0xf)",
}

// load reads the operand of ld, ldh, ldb, ldx and ldxb.
func (a *assembler) load(l *line, s shape) bool {
	whole := s == shapeLoad || s == shapeLoadX
	packet := s == shapeLoad || s == shapeLoadPart
	c := a.peek()
	switch {
	case c == '[' && packet:
		a.pos++
		return a.address(l)
	case c == '#' && s != shapeLoadNib:
		a.pos++
		if isLetter(a.peek()) {
			return a.numberOrExtension(l, s)
		}
		l.in.Code |= bpf.IMM
		return whole && a.k(l) || !whole && a.wrongAt(a.pos-1, loadOperands[s])
	case c|0x20 == 'm' && whole && !a.longWord():
		l.in.Code |= bpf.MEM
		return a.memory(l)
	case isLetter(c) && s != shapeLoadNib:
		return a.extension(l, s)
	case ('0' <= c && c <= '9' || c == '(') && !packet:
		return a.nibble(l)
	}
	return a.wrong(loadOperands[s])
}

// wrongAt is wrong, for what begins at an offset.
func (a *assembler) wrongAt(at int, expected string) bool {
	a.pos = at
	return a.wrong(expected)
}

// longWord reports whether the word at hand has more than one character.
func (a *assembler) longWord() bool {
	return a.pos+1 < len(a.src) && isWord(a.src[a.pos+1])
}

// numberOrExtension reads what stands behind a # and begins with a letter.
func (a *assembler) numberOrExtension(l *line, s shape) bool {
	start := a.pos
	word := a.word()
	_, known := findExtension(word)
	a.pos = start
	switch {
	case isLen(word), known, a.compat && a.extensionPrefix(word) > 0:
		return a.extension(l, s)
	case s == shapeLoadPart:
		return a.wrongAt(start-1, loadOperands[s])
	}
	l.in.Code |= bpf.IMM
	return a.k(l)
}

// extensionPrefix returns the length of the longest name of an extension that
// a word begins with: behind a # bpfc reads that and goes on behind it.
func (a *assembler) extensionPrefix(word []byte) int {
	for n := min(len(word), maxReserved); n > 0; n-- {
		if isLen(word[:n]) || isExtension(word[:n]) {
			return n
		}
	}
	return 0
}

// extension reads the name of one, or len.
func (a *assembler) extension(l *line, s shape) bool {
	start := a.pos
	word := a.word()
	if n := a.extensionPrefix(word); n > 0 && a.compat && a.src[start-1] == '#' {
		if n < len(word) {
			a.warn(start-1, fmt.Sprintf("bpfc reads #%s as #%s and %s", cut(word), word[:n], cut(word[n:])))
		}
		word, a.pos = word[:n], start+n
	}
	e, ok := findExtension(word)
	switch {
	case isLen(word) && s != shapeLoadPart:
		l.in.Code |= bpf.LEN
		return true
	case !ok && isField(word):
		a.fail(start, cut(word)+" without brackets", "a field of seccomp_data is written as [nr], [arch], [ip.lo], [args[0].hi]")
		return false
	case !ok || s == shapeLoadX:
		return a.wrongAt(start, loadOperands[s])
	case a.options.For == Seccomp && !a.options.Bypass:
		a.fail(start, cut(word)+" is an extension for sockets: it is about a packet, and a seccomp filter has none",
			"seccomp has len only; --for socket takes all")
		return false
	}
	l.in.Code |= bpf.ABS
	l.in.K = extensionBase + e.offset
	return true
}

// address reads the k] or x + k] behind a bracket.
func (a *assembler) address(l *line) bool {
	a.blanks()
	if a.register('x') {
		l.in.Code |= bpf.IND
		if !a.take('+') {
			return a.wrong("+ k behind x")
		}
		return a.k(l) && a.closing(']')
	}
	l.in.Code |= bpf.ABS
	if isLetter(a.peek()) && a.atField() {
		return a.fieldWord(l) && a.closing(']')
	}
	return a.k(l) && a.closing(']')
}

// register passes the name of a register, with % or without.
func (a *assembler) register(name byte) bool {
	start := a.pos
	if a.peek() == '%' {
		a.pos++
		a.blanks()
	}
	if a.peek()|0x20 == name && !a.longWord() {
		a.pos++
		return true
	}
	a.pos = start
	return false
}

// closing passes a bracket or records that it is missing.
func (a *assembler) closing(c byte) bool {
	if a.take(c) {
		return true
	}
	return a.wrong(strconv.Quote(string(c)))
}

// fieldWord reads the name of a word of seccomp_data; of a field with 64 bits,
// .lo or .hi says which half, and without either the low one is meant.
func (a *assembler) fieldWord(l *line) bool {
	offset, wide, ok := a.field()
	if !ok {
		return false
	}
	high := false
	if at := a.pos; a.peek() == '.' {
		a.pos++
		half := string(a.word())
		high = half == "hi"
		if !wide || half != "lo" && !high {
			a.fail(at, "no half of the field", "args[n] and ip have .lo and .hi, nr and arch have no halves")
			return false
		}
	}
	if wide && high != bool(a.order()) {
		offset += 4
	}
	l.in.K = offset
	return true
}

// memory reads M[k].
func (a *assembler) memory(l *line) bool {
	if a.peek()|0x20 != 'm' || a.longWord() {
		return a.wrong("M[k]")
	}
	a.pos++
	if !a.take('[') {
		return a.wrong("[ behind M")
	}
	return a.k(l) && a.closing(']')
}

// nibble reads 4*([k]&0xf).
func (a *assembler) nibble(l *line) bool {
	l.in.Code |= bpf.B | bpf.MSH
	start := a.pos
	if factor, ok := a.number(); !ok || factor != 4 || !a.take('*') || !a.take('(') || !a.take('[') {
		return a.wrongAt(start, "4*([k]&0xf)")
	}
	if !a.k(l) || !a.closing(']') {
		return false
	}
	if !a.take('&') {
		return a.wrong("&0xf)")
	}
	at := a.pos
	if mask, ok := a.expression(a); !ok || mask != 15 {
		return a.wrongAt(at, "0xf")
	}
	return a.closing(')')
}

// source reads the operand of an ALU operation: #k, x or %x.
func (a *assembler) source(l *line) bool {
	if a.peek() == '#' {
		a.pos++
		l.in.Code |= bpf.K
		return a.k(l)
	}
	if a.register('x') {
		l.in.Code |= bpf.X
		return true
	}
	return a.wrong("#k or x")
}

// returned reads the operand of ret.
func (a *assembler) returned(l *line) bool {
	switch {
	case a.peek() == '#':
		a.pos++
		l.in.Code |= bpf.K
		return a.k(l)
	case a.register('a'):
		l.in.Code |= bpf.A
		return true
	case a.register('x'):
		l.in.Code |= bpf.X
		return true
	}
	return a.wrong("#k, a or x")
}

// test reads the operands of a conditional jump: what to compare with and one
// or two targets. The first is where the mnemonic's condition holds.
func (a *assembler) test(l *line, negated bool) bool {
	if !a.source(l) {
		return false
	}
	if !a.take(',') {
		return a.wrong("a comma and a label")
	}
	holds, fails := &l.jt, &l.jf
	if negated {
		holds, fails = fails, holds
	}
	a.blanks()
	if !a.target(holds) {
		return false
	}
	end := a.pos
	if !a.take(',') {
		a.pos = end
		return true
	}
	a.blanks()
	return a.target(fails)
}

// target reads a label's name.
func (a *assembler) target(r *ref) bool {
	start := a.pos
	if !isLetter(a.peek()) {
		a.fail(a.pos, "unexpected "+a.found(), "expected a label")
		return false
	}
	i, ok := a.label(start, a.word())
	if ok {
		*r = ref{i, int32(start)}
		a.symbols[i].used = true
	}
	return ok
}
