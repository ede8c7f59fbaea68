package asm

import (
	"bytes"
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// maxInstructions bounds what Read takes: sock_fprog's length has 16 bits. What
// a kernel would take, bpf.MAXINSNS, is for bpf.Check to say.
const maxInstructions = 65535

// ReadError is what Read says of a program's text or bytes that it cannot read.
type ReadError struct {
	Name   string // of the input, as given to Read
	Line   int    // from 1; 0 if the whole input is meant
	Format string
	Reason string
	Err    error // the rule of admission that no such program could keep; nil if it is about the input alone
}

// Error formats the error as name:line: format: reason.
func (e *ReadError) Error() string {
	place := e.Name
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d", place, e.Line)
	}
	if place != "" {
		place += ": "
	}
	return fmt.Sprintf("%s%s: %s", place, e.Format, e.Reason)
}

// Unwrap returns the rule.
func (e *ReadError) Unwrap() error { return e.Err }

// Read reads a program from data in a format of Readable; the empty format
// means Detect's. Name is what errors call the input. Any instructions are
// taken, admissible or not, but a program has 1 to 65,535 of them.
//
// The errors are a *FormatError, a *ReadError, and for the Asm format those of
// Assemble.
func Read(format, name string, data []byte) (bpf.Program, error) {
	if format == "" {
		format = Detect(data)
	}
	p, err := read(format, name, data)
	if err != nil {
		return nil, err
	}
	switch {
	case len(p) == 0:
		return nil, &ReadError{Name: name, Format: format, Reason: "an empty program; expected one instruction at least", Err: bpf.ErrEmpty}
	case len(p) > maxInstructions:
		return nil, &ReadError{Name: name, Format: format,
			Reason: fmt.Sprintf("%d instructions; a program has at most %d", len(p), maxInstructions)}
	}
	return p, nil
}

func read(format, name string, data []byte) (bpf.Program, error) {
	switch format {
	case Asm:
		return readAsm(name, data)
	case Raw:
		p, err := bpf.Decode(data)
		if err != nil {
			return nil, &ReadError{Name: name, Format: format, Reason: err.Error()}
		}
		return p, nil
	case Hex:
		return readHex(name, data)
	case C, Netsniff, XTBPF, Tcpdump, JSON, CMacros:
		return readNumbers(format, name, data)
	}
	return nil, &FormatError{format, Readable()}
}

// Detect tells the format of data by its look. What looks like nothing else is
// Asm if it is text, and Raw if it is not.
func Detect(data []byte) string {
	text := bytes.TrimSpace(data)
	switch {
	case !isText(data):
		return Raw
	case bytes.HasPrefix(text, []byte("[")):
		return JSON
	case bytes.HasPrefix(text, []byte("{")):
		return C
	case bytes.Contains(text, []byte("BPF_STMT")), bytes.Contains(text, []byte("BPF_JUMP")):
		return CMacros
	case isHex(undump(text)):
		return Hex
	case isDecimal(text) && bytes.IndexByte(text, ',') >= 0:
		return XTBPF
	case isDecimal(text):
		return Tcpdump
	}
	return Asm
}

// isText reports whether data has no control characters but those of text.
func isText(data []byte) bool {
	for _, c := range data {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\v' || c == 0x7f {
			return false
		}
	}
	return true
}

// isDecimal reports whether text is decimal numbers and commas.
func isDecimal(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && c != ',' && !isBlank(c) {
			return false
		}
	}
	return len(text) > 0
}

func isBlank(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }
