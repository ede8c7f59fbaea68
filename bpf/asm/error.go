package asm

import (
	"fmt"
	"sort"
	"strings"
)

// Pos is a place in a source text.
type Pos struct {
	File string
	Line int // from 1
	Col  int // in bytes, from 1
}

// String formats p as file:line:col.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Error is one thing that is wrong with a source text.
type Error struct {
	Pos  Pos
	What string // what is wrong
	Hint string // what was expected or what to do; may be empty
	Err  error  // what the kernel would say, where that is the reason; may be nil
}

// Error formats the error as file:line:col: what; hint.
func (e *Error) Error() string {
	text := e.Pos.String() + ": " + e.What
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// ErrorList is all that is wrong with a source text, in the order of places.
type ErrorList []*Error

// Error lists them, a line each.
func (l ErrorList) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.Is and errors.As see each of them.
func (l ErrorList) Unwrap() []error {
	errs := make([]error, len(l))
	for i, e := range l {
		errs[i] = e
	}
	return errs
}

// Warning is something in a source text that assembles, but perhaps not to
// what was meant.
type Warning struct {
	Pos  Pos
	What string
}

// String formats the warning as file:line:col: warning: what.
func (w *Warning) String() string { return w.Pos.String() + ": warning: " + w.What }

// problem is an error or a warning before its place is counted out.
type problem struct {
	at         int // offset in the source
	what, hint string
	err        error
	warning    bool
	other      int // offset of another place, whose line stands for otherLine in the texts; 0 for none
}

// otherLine stands in a problem's texts for the line of its other place.
const otherLine = "{line}"

// maxProblems bounds the errors that are told of one text, and the warnings.
const maxProblems = 1000

// mostErrors is where reading a text ends: it is not what it was taken for.
const mostErrors = 20 * maxProblems

// sortProblems orders by place.
func sortProblems(problems []problem) {
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].at < problems[j].at })
}
