package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/policy"
)

// The exit statuses, alike for every verb but run, which ends as its program did.
const (
	statusGood   = 0
	statusNo     = 1 // the answer is no: denied, differs, falls short
	statusUsage  = 2
	statusInput  = 3 // the input is wrong
	statusKernel = 4 // the kernel refused or lacks it
)

// statusError carries an exit status to main. A nil err has been reported already.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// no is the error of a question whose answer, already printed, is no.
func no() error { return &statusError{status: statusNo} }

func usage(format string, args ...any) error {
	return &statusError{statusUsage, fmt.Errorf(format, args...)}
}

func badInput(err error) error { return &statusError{statusInput, err} }

// exitStatuser is an error of another package that knows its status, such as launch's 125.
type exitStatuser interface{ ExitStatus() int }

// report prints what err has to say and returns its exit status.
func (s *streams) report(err error) int {
	if err == nil {
		return statusGood
	}
	var own *statusError
	if errors.As(err, &own) {
		if own.err != nil {
			s.printError(own.err)
		}
		return own.status
	}
	var e exitStatuser
	if errors.As(err, &e) {
		s.printError(err)
		return e.ExitStatus()
	}
	fmt.Fprintf(s.err, "narrow: %v\nsee `%s --help`\n", err, s.verb)
	return statusUsage
}

// printError writes one error, or the list of a policy's or a program's text,
// with the places marked on a terminal.
func (s *streams) printError(err error) {
	var list policy.ErrorList
	var placed asm.ErrorList
	switch {
	case errors.As(err, &list):
		for _, e := range list {
			s.printPlaced("", e)
		}
	case errors.As(err, &placed):
		for _, e := range placed {
			fmt.Fprintln(s.err, e)
			s.mark(policy.Pos(e.Pos))
		}
	default:
		fmt.Fprintf(s.err, "narrow: %s\n", strings.TrimPrefix(err.Error(), "narrow: "))
	}
}

// warn prints a policy's warnings.
func (s *streams) warn(p *policy.Policy) {
	for _, e := range p.Warnings {
		s.printPlaced("warning", e)
	}
}

// printPlaced writes an error or a warning of a policy; on a terminal with
// its line and a caret.
func (s *streams) printPlaced(kind string, e *policy.Error) {
	fmt.Fprintln(s.err, placedText(kind, e))
	s.mark(e.Pos)
}

// mark shows a place on a terminal: its line, and a caret.
func (s *streams) mark(at policy.Pos) {
	if !isTerminal(s.err) {
		return
	}
	if text, err := s.textOf(at.File); err == nil {
		fmt.Fprint(s.err, (&policy.Error{Pos: at}).Caret(text))
	}
}

// placedText is the error with its kind, such as warning, behind the place.
func placedText(kind string, e *policy.Error) string {
	place := e.Pos.String() + ": "
	text, found := strings.CutPrefix(e.Error(), place)
	if kind == "" || !found {
		return e.Error()
	}
	return place + kind + ": " + text
}

// textOf is the text of a policy, or of what it includes, by its name in errors.
func (s *streams) textOf(name string) ([]byte, error) {
	if s.unread != nil && s.unread.name == name {
		return s.unread.text, nil
	}
	return readFile(name)
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
