package asm

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Target is what a program is for.
type Target uint8

// The targets.
const (
	Seccomp Target = iota // what the kernel would not admit as a seccomp filter is an error
	Socket                // the whole language of bpfc
)

// Options say how to assemble. The zero value is for seccomp on this machine,
// and strict.
type Options struct {
	For  Target
	Arch *abi.Arch // whose call numbers, constants and byte order names mean before any .arch; nil is this machine's

	// Bypass takes instructions as they are, as bpfc's -b does: the program is
	// not checked, neither for seccomp nor for what no program may do.
	Bypass bool

	// BpfcCompat gives the bytes that bpfc gives where bpfc is wrong, with a
	// warning for each: numbers and jumps wrap around, of labels with the same
	// name the first counts, some comments do not end.
	BpfcCompat bool

	// LineMarkers says that the source went through the C preprocessor, whose
	// lines "# 12 "file"" give the places of errors.
	LineMarkers bool
}

// Assembly is an assembled program.
type Assembly struct {
	Program  bpf.Program
	Warnings []*Warning

	places *places
	at     []int32 // the offset in the source of each instruction
}

// Place returns where in the source the instruction at pc, an index of Program,
// is written. A jump that the assembler inserted is where the test is that
// needs it.
func (a *Assembly) Place(pc int) Pos { return a.places.of(int(a.at[pc])) }

// maxSource bounds a source in bytes: offsets have 31 bits.
const maxSource = 1 << 30

// Assemble turns source text into a program. Name is what errors call the
// text. The error is an ErrorList, with everything that is wrong: for seccomp
// also what the kernel would refuse, where Error.Err is the *bpf.Error.
func Assemble(name string, source []byte, options Options) (*Assembly, error) {
	if len(source) > maxSource {
		at := Pos{File: name, Line: 1, Col: 1}
		return &Assembly{}, ErrorList{{Pos: at, What: fmt.Sprintf("%d bytes of text", len(source)), Hint: fmt.Sprintf("expected at most %d", maxSource)}}
	}
	a := newAssembler(source, options)
	a.statements()
	a.finish()
	places := newPlaces(name, source, options.LineMarkers)
	errs, warnings := places.sort(&a.scanner)
	if len(errs) > 0 {
		return &Assembly{Warnings: warnings}, errs
	}
	return &Assembly{Program: a.program, Warnings: warnings, places: places, at: a.at}, nil
}

// readAsm reads the Asm format: any program that can be written.
func readAsm(name string, data []byte) (bpf.Program, error) {
	a, err := Assemble(name, data, Options{For: Socket, Bypass: true})
	if err != nil {
		return nil, err
	}
	return a.Program, nil
}
