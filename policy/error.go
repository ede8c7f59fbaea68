package policy

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Error is one thing wrong with a policy's text.
type Error struct {
	Pos  Pos
	What string // what is wrong
	Want string // what was expected; may be empty
	Hint string // what to do; may be empty
}

// Error formats e as "file:line:col: what; expected; hint", without what is
// not known.
func (e *Error) Error() string {
	text := e.What
	for _, s := range []string{e.Want, e.Hint} {
		if s != "" {
			text += "; " + s
		}
	}
	if e.Pos == (Pos{}) {
		return text
	}
	return e.Pos.String() + ": " + text
}

// String formats p as "file:line:col", or less where less is known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.File == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Col)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// ErrorList is all that is wrong with a text, in the order of its places.
type ErrorList []*Error

// Error lists them a line each.
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

// Err is nil if the list is empty, so that callers return it as it is.
func (l ErrorList) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Sort orders by place.
func (l ErrorList) Sort() {
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i].Pos, l[j].Pos
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Col < b.Col
	})
}

// Cut is the list without repeated errors, and with those beyond the first
// hundred only counted. The list must be sorted.
func (l ErrorList) Cut() ErrorList { return l.cut(0) }

// cut is Cut where more errors were seen than kept.
func (l ErrorList) cut(more int) ErrorList {
	l = slices.CompactFunc(l, func(a, b *Error) bool { return *a == *b })
	if len(l) <= maxErrors {
		return l
	}
	first := l[maxErrors]
	return append(l[:maxErrors:maxErrors], &Error{
		Pos:  first.Pos,
		What: fmt.Sprintf("and %d more errors from here on", len(l)-maxErrors+more),
	})
}
