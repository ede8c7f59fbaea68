package asm

import (
	"fmt"
	"math"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// directive reads a line that begins with a dot.
func (a *assembler) directive() {
	start := a.pos
	a.pos++
	ok := false
	switch word := a.word(); string(word) {
	case "equ":
		ok = a.equ()
	case "arch":
		ok = a.archDirective()
	case "insn":
		ok = a.insn(start)
	default:
		a.fail(start, "unknown directive ."+cut(word), "expected .equ, .arch or .insn")
	}
	if !ok {
		a.recover(start)
	}
}

// equ reads .equ NAME, VALUE: from there on the name means the value. A blank
// or = may stand for the comma, and # before the value.
func (a *assembler) equ() bool {
	a.blanks()
	start := a.pos
	if !isLetter(a.peek()) {
		return a.wrong("a name")
	}
	name := string(a.word())
	if !a.take(',') {
		a.take('=')
	}
	a.take('#')
	value, ok := a.expression(a)
	if !ok {
		return false
	}
	if _, known := a.equs[name]; known {
		a.fail(start, "a second .equ "+cut([]byte(name)), "")
		return true
	}
	if len(a.equs) == maxInstructions {
		a.fail(start, fmt.Sprintf("more than %d .equ", maxInstructions), "")
		return false
	}
	if a.equs == nil {
		a.equs = map[string]int64{}
	}
	a.equs[name] = int64(value)
	return true
}

// archDirective reads .arch NAME: from there on names of calls and constants
// and the halves of fields are that arch's.
func (a *assembler) archDirective() bool {
	a.blanks()
	start := a.pos
	name := a.word()
	arch, ok := abi.ByName(string(name))
	if !ok {
		a.fail(start, fmt.Sprintf("unknown arch %s", cut(name)), "expected x86_64, i386, aarch64, ...")
		return false
	}
	a.constants.arch = arch
	return true
}

// insn reads .insn CODE, JT, JF, K: an instruction as its numbers.
func (a *assembler) insn(start int) bool {
	limits := [4]uint32{math.MaxUint16, math.MaxUint8, math.MaxUint8, math.MaxUint32}
	var v [4]uint32
	for i := range v {
		if i > 0 && !a.take(',') {
			return a.wrong("a comma and the next of code, jt, jf, k")
		}
		a.blanks()
		at := a.pos
		var ok bool
		if v[i], ok = a.expression(a); !ok {
			return false
		}
		if v[i] > limits[i] {
			a.fail(at, fmt.Sprintf("%d is too much", v[i]), fmt.Sprintf("expected at most %d", limits[i]))
			return false
		}
	}
	a.lines = append(a.lines, line{
		in:   bpf.Instruction{Code: uint16(v[0]), Jt: uint8(v[1]), Jf: uint8(v[2]), K: v[3]},
		at:   int32(start),
		jt:   ref{symbol: nowhere},
		jf:   ref{symbol: nowhere},
		data: true,
	})
	return true
}
