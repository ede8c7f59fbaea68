package asm

import (
	"bytes"
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// assembler is the state of one run: what the source says so far.
type assembler struct {
	scanner
	options   Options
	constants constants
	equs      map[string]int64 // .equ names

	symbolTable
	lines []line

	program bpf.Program // the result
	at      []int32     // offset in the source of each of its instructions
}

// line is one instruction of the source, before its jumps are counted out.
type line struct {
	in     bpf.Instruction
	at     int32 // offset in the source
	jt, jf ref   // in a jump: where to; jt also for ja
	data   bool  // written as .insn: its numbers are taken as they are
	bad    bool  // there was an error: the instruction stands in for it
	lost   bool  // there was an error in where it jumps to
}

// ref is where a jump leads.
type ref struct {
	symbol int32 // index in symbols; nowhere means the next instruction
	at     int32 // offset of the label's name in the source
}

const nowhere = -1

func newAssembler(source []byte, options Options) *assembler {
	arch := options.Arch
	if arch == nil {
		arch = defaultArch()
	}
	return &assembler{
		scanner:     scanner{src: source, compat: options.BpfcCompat},
		options:     options,
		constants:   constants{arch},
		symbolTable: newSymbolTable(source),
		lines:       make([]line, 0, min(len(source)/8+1, bpf.MAXINSNS)),
	}
}

// order is the byte order in which fields of seccomp_data are laid out.
func (a *assembler) order() bpf.ByteOrder { return bpf.ByteOrder(a.arch().BigEndian) }

func (a *assembler) arch() *abi.Arch { return a.constants.arch }

// value finds a name of .equ, or else a constant.
func (a *assembler) value(name []byte) (int64, string, string) {
	if value, ok := a.equs[string(name)]; ok {
		return value, "", ""
	}
	return a.constants.value(name)
}

// suggest says what may have been meant by a name.
func (a *assembler) suggest(name []byte) string {
	n := newNearest(string(name))
	for equ := range a.equs {
		n.try(equ)
	}
	if n.best != "" {
		return didYouMean(n.best)
	}
	return a.constants.suggest(name)
}

// statements reads the whole source.
func (a *assembler) statements() {
	for {
		a.blanks()
		if a.pos == len(a.src) || a.errors >= mostErrors {
			return
		}
		if len(a.lines) == maxInstructions || len(a.symbols) > 2*maxInstructions {
			a.fail(a.pos, fmt.Sprintf("more than %d instructions or %d labels", maxInstructions, 2*maxInstructions), "")
			return
		}
		switch c := a.src[a.pos]; {
		case isLetter(c):
			a.statement()
		case c == '.':
			a.directive()
		case c == '#':
			a.fail(a.pos, "unexpected '#'", "a comment begins with ; or has its # in the first column")
			a.recover(a.pos)
		case c == '/':
			a.fail(a.pos, "unexpected '/'", "a comment begins with ; or is between /* and */")
			a.recover(a.pos)
		default:
			a.fail(a.pos, "unexpected "+a.found(), "expected an instruction or a label")
			a.recover(a.pos)
		}
	}
}

// recover goes on behind an error in what began at start: at the next line,
// unless what is at hand begins a line already.
func (a *assembler) recover(start int) {
	if a.pos > start && len(bytes.TrimLeft(a.src[a.lineHead():a.pos], " \t")) == 0 {
		return
	}
	for a.pos < len(a.src) {
		switch c := a.src[a.pos]; {
		case c == '\n':
			return
		case c == ';':
			a.skipLine()
		case c == '/' && a.scanner.at("/*"):
			a.comment()
		default:
			a.pos++
		}
	}
}

// lineHead is the offset of the first byte of the line at hand.
func (a *assembler) lineHead() int { return bytes.LastIndexByte(a.src[:a.pos], '\n') + 1 }

// statement reads an instruction or a label's definition.
func (a *assembler) statement() {
	start := a.pos
	word := a.word()
	m, ok := findMnemonic(word)
	if !ok {
		a.definition(start, word)
		return
	}
	l := line{at: int32(start), jt: ref{symbol: nowhere}, jf: ref{symbol: nowhere}}
	l.in.Code = m.code
	a.inside = true
	ok = a.operands(&l, m, word)
	a.inside = false
	if !ok {
		a.recover(start)
		l.in = bpf.Stmt(bpf.RET|bpf.K, 0)
		l.jt, l.jf, l.bad = ref{symbol: nowhere}, ref{symbol: nowhere}, true
	}
	a.lines = append(a.lines, l)
}

// definition reads what begins with a word that is no mnemonic: a label.
func (a *assembler) definition(start int, word []byte) {
	a.blanks()
	if a.peek() != ':' {
		a.fail(start, "unknown mnemonic "+cut(word), suggestMnemonic(word))
		a.recover(start)
		return
	}
	a.pos++
	if i, ok := a.label(start, word); ok {
		a.define(start, i)
	}
}

// finish turns the lines into the program and checks it.
func (a *assembler) finish() {
	if len(a.lines) == 0 && !a.failed() {
		a.note(problem{at: len(a.src), what: "an empty program", hint: "expected one instruction at least", err: bpf.ErrEmpty})
		return
	}
	a.checkLabels()
	if a.options.BpfcCompat {
		a.layoutCompat()
	} else {
		a.layout()
	}
	a.check()
}

// failed reports whether there was an error.
func (a *assembler) failed() bool { return a.errors > 0 }
