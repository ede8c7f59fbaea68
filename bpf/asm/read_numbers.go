package asm

import (
	"fmt"
	"math"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// numberReader reads the formats whose instructions are lists of numbers.
type numberReader struct {
	scanner
	constants
	program bpf.Program
}

// readNumbers reads C, XTBPF, Tcpdump, JSON or CMacros.
func readNumbers(format, name string, data []byte) (bpf.Program, error) {
	r := &numberReader{scanner: scanner{src: data, c: true}, constants: constants{defaultArch()}}
	var ok bool
	switch format {
	case C, Netsniff, CMacros:
		ok = r.array()
	case XTBPF:
		ok = r.counted(',')
	case Tcpdump:
		ok = r.tcpdump()
	case JSON:
		ok = r.json()
	}
	if len(r.problems) > 0 {
		p := r.problems[0]
		reason := p.what
		if p.hint != "" {
			reason += "; " + p.hint
		}
		return nil, &ReadError{Name: name, Line: lineOf(data, p.at), Format: format, Reason: reason}
	}
	if !ok {
		return nil, &ReadError{Name: name, Line: lineOf(data, r.pos), Format: format, Reason: "unexpected " + r.found()}
	}
	return r.program, nil
}

// defaultArch is the arch whose call numbers names stand for if nothing else
// is said: this machine's, or x86_64.
func defaultArch() *abi.Arch {
	if arch := abi.Native(); arch != nil {
		return arch
	}
	arch, _ := abi.ByName("x86_64")
	return arch
}

// lineOf returns the number of the line in which the byte at offset is.
func lineOf(data []byte, offset int) int {
	line := 1
	for _, c := range data[:min(offset, len(data))] {
		if c == '\n' {
			line++
		}
	}
	return line
}

// done reports whether nothing is left.
func (r *numberReader) done() bool {
	r.blanks()
	return r.pos == len(r.src)
}

// expect passes a byte or records that it is missing.
func (r *numberReader) expect(c byte) bool {
	if r.take(c) {
		return true
	}
	r.fail(r.pos, "unexpected "+r.found(), "expected "+quote(c))
	return false
}

// add appends an instruction whose numbers begin at an offset, if they fit its
// fields.
func (r *numberReader) add(at int, code, jt, jf, k uint32) bool {
	if code > math.MaxUint16 || jt > math.MaxUint8 || jf > math.MaxUint8 {
		r.fail(at, fmt.Sprintf("%d %d %d %d is no instruction", code, jt, jf, k),
			"expected a code below 65536 and jumps below 256")
		return false
	}
	if len(r.program) > maxInstructions {
		r.fail(at, fmt.Sprintf("more than %d instructions", maxInstructions), "")
		return false
	}
	r.program = append(r.program, bpf.Instruction{Code: uint16(code), Jt: uint8(jt), Jf: uint8(jf), K: k})
	return true
}

// numbers reads values with a separator between them, a blank meaning any
// amount of blanks.
func (r *numberReader) numbers(values []uint32, separator byte) bool {
	for i := range values {
		if i > 0 && separator != ' ' && !r.expect(separator) {
			return false
		}
		var ok bool
		if values[i], ok = r.expression(r.constants); !ok {
			return false
		}
	}
	return true
}

// instruction reads the four numbers of one.
func (r *numberReader) instruction(separator byte) bool {
	var v [4]uint32
	r.blanks()
	at := r.pos
	return r.numbers(v[:], separator) && r.add(at, v[0], v[1], v[2], v[3])
}

// array reads initialisers of struct sock_filter, in braces or as macros,
// alone or as the body of a C array.
func (r *numberReader) array() bool {
	wrapped := r.opening()
	for !r.done() {
		if wrapped && r.take('}') {
			r.take(';')
			return r.done()
		}
		if !r.element() {
			return false
		}
		r.take(',')
	}
	return !wrapped
}

// opening passes the head of a C array, such as "struct sock_filter f[] = {",
// and reports whether there is one.
func (r *numberReader) opening() bool {
	start := r.pos
	for r.pos < len(r.src) {
		r.blanks()
		c := r.peek()
		switch {
		case c == '{' && r.pos > start:
			r.pos++
			r.blanks()
			if c := r.peek(); c == '{' || c == 'B' || c == '}' {
				return true
			}
			r.pos = start
			return false
		case r.at("BPF_STMT"), r.at("BPF_JUMP"), c == '{':
			r.pos = start
			return false
		}
		r.pos++
	}
	r.pos = start
	return false
}

// element reads one initialiser.
func (r *numberReader) element() bool {
	at := r.pos
	if r.take('{') {
		return r.instruction(',') && r.expect('}')
	}
	var v [4]uint32
	switch string(r.word()) {
	case "BPF_STMT":
		return r.expect('(') && r.numbers(v[:2], ',') && r.expect(')') && r.add(at, v[0], 0, 0, v[1])
	case "BPF_JUMP":
		return r.expect('(') && r.numbers(v[:], ',') && r.expect(')') && r.add(at, v[0], v[2], v[3], v[1])
	}
	r.pos = at
	r.fail(at, "unexpected "+r.found(), "expected { code, jt, jf, k } or BPF_STMT or BPF_JUMP")
	return false
}

// counted reads the count of instructions and then each, all behind the same
// separator.
func (r *numberReader) counted(separator byte) bool {
	var count [1]uint32
	if !r.numbers(count[:], ' ') {
		return false
	}
	for separator == ' ' || r.take(separator) {
		if r.done() {
			break
		}
		if !r.instruction(' ') {
			return false
		}
	}
	return r.done() && r.counts(count[0])
}

// counts checks the count that came first.
func (r *numberReader) counts(count uint32) bool {
	if uint64(count) != uint64(len(r.program)) {
		r.fail(0, fmt.Sprintf("the count is %d, but there are %d instructions", count, len(r.program)), "")
		return false
	}
	return true
}

// tcpdump reads four numbers a line, after a count on the first line as
// tcpdump -ddd prints it or without it as bpfc does.
func (r *numberReader) tcpdump() bool {
	r.blanks()
	start := r.pos
	r.word()
	for r.peek() == ' ' || r.peek() == '\t' || r.peek() == '\r' {
		r.pos++
	}
	alone := r.peek() == '\n'
	r.pos = start
	if alone {
		return r.counted(' ')
	}
	for !r.done() {
		if !r.instruction(' ') {
			return false
		}
	}
	return true
}

// json reads an array of arrays of four numbers.
func (r *numberReader) json() bool {
	if !r.expect('[') {
		return false
	}
	for first := true; ; first = false {
		if first && r.take(']') {
			break
		}
		if !r.expect('[') || !r.instruction(',') || !r.expect(']') {
			return false
		}
		if r.take(']') {
			break
		}
		if !r.expect(',') {
			return false
		}
	}
	return r.done()
}
