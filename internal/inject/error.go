package inject

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// What can keep a process from being narrowed. Errors of this package are
// these by errors.Is, or what the kernel answered.
var (
	ErrGone      = errors.New("the process has ended")
	ErrExec      = errors.New("the process has executed another program")
	ErrDenied    = errors.New("a call in progress would be denied")
	ErrNotStops  = errors.New("a thread does not stop")
	ErrTraced    = errors.New("the process is traced already")
	ErrMayNot    = errors.New("the process may not be traced")
	ErrABI       = errors.New("the process runs code of another ABI")
	ErrForeign   = errors.New("a filter of others may stop the calls that narrow it")
	ErrMode1     = errors.New("a thread is in mode 1, which takes no filter")
	ErrNotSeen   = errors.New("not as asked for")
	ErrNoMemory  = errors.New("no place in the process's memory for a call's arguments")
	errNoCode    = errors.New("no instruction in the process's memory that makes a call")
	errVanishing = errors.New("the thread has ended")
)

// Error is why a process was not narrowed.
type Error struct {
	PID    int
	Thread int    // 0 where it is about none
	Name   string // of the thread
	Kind   error  // one of the Err variables, or nil
	Err    error  // what is wrong
	Hint   string // what to do; may be empty

	// Partial means that some thread has taken on a layer, for good. Otherwise
	// the process is as it was.
	Partial bool
}

// Error formats e as "process: thread: what is wrong; what to do".
func (e *Error) Error() string {
	s := fmt.Sprintf("process %d: ", e.PID)
	if e.Thread != 0 {
		s += fmt.Sprintf("thread %d (%s): ", e.Thread, kernel.Printable(e.Name))
	}
	s += e.Err.Error()
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	if e.Partial {
		s += "; some of its threads are narrowed and others are not"
	}
	return s
}

// Unwrap gives the kind and the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Kind == nil || e.Kind == e.Err {
		return []error{e.Err}
	}
	return []error{e.Kind, e.Err}
}
