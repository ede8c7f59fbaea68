package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

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
func report(w io.Writer, err error) int {
	if err == nil {
		return statusGood
	}
	var s *statusError
	if errors.As(err, &s) {
		if s.err != nil {
			printError(w, s.err)
		}
		return s.status
	}
	var e exitStatuser
	if errors.As(err, &e) {
		printError(w, err)
		return e.ExitStatus()
	}
	fmt.Fprintf(w, "narrow: %v\nsee `narrow --help`\n", err)
	return statusUsage
}

// printError writes one error, or a policy's list of them, with the place
// marked if w is a terminal.
func printError(w io.Writer, err error) {
	var list policy.ErrorList
	if !errors.As(err, &list) {
		fmt.Fprintf(w, "narrow: %s\n", strings.TrimPrefix(err.Error(), "narrow: "))
		return
	}
	for _, e := range list {
		printPlaced(w, "", e)
	}
}

// printPlaced writes an error or a warning of a policy; on a terminal with
// its line and a caret.
func printPlaced(w io.Writer, kind string, e *policy.Error) {
	place, text, found := strings.Cut(e.Error(), ": ")
	if kind != "" && found {
		fmt.Fprintf(w, "%s: %s: %s\n", place, kind, text)
	} else {
		fmt.Fprintln(w, e.Error())
	}
	if !isTerminal(w) {
		return
	}
	if src, err := os.ReadFile(e.Pos.File); err == nil {
		fmt.Fprint(w, e.Caret(src))
	}
}

// isTerminal reports whether w is a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
