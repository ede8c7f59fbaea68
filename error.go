package narrow

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// What a program can do wrong with a Sandbox, and what may be missing. Errors
// of this package are these by errors.Is.
var (
	ErrNotSupported   = kernel.ErrNotSupported // this kernel or operating system cannot do it
	ErrUnknownPhase   = errors.New("no such phase")
	ErrUnknownClass   = errors.New("no such thread class")
	ErrOrder          = errors.New("wrong order")
	ErrEntered        = errors.New("entered already")
	ErrNotLocked      = errors.New("not locked to a thread") // EnterThread without runtime.LockOSThread
	ErrStrict         = errors.New("mode 1 cannot work here")
	ErrStaircase      = errors.New("a later phase lets run what an earlier one stops")
	ErrUnproved       = errors.New("the filter is not proved to be the policy")
	ErrThreadDiverges = errors.New("a thread has filters of its own")
	ErrNotSeen        = errors.New("not as asked for")
)

// Error is why a phase or a thread class was not entered, or a policy is not
// usable by the program itself.
type Error struct {
	Phase string // "" where it is about none
	Class string // the thread class; "" where it is about the whole process
	Layer Layer  // "" where it is about none
	Kind  error  // one of the Err variables, or nil
	Err   error  // what is wrong
	Hint  string // what to do; may be empty
}

// Error formats e as "phase: thread: layer: what is wrong; what to do".
func (e *Error) Error() string {
	s := ""
	if e.Phase != "" {
		s = "phase " + e.Phase + ": "
	}
	if e.Class != "" {
		s += "thread " + e.Class + ": "
	}
	if _, named := e.Err.(*kernel.Error); e.Layer != "" && !named { // which names its layer itself
		s += string(e.Layer) + ": "
	}
	s += e.Err.Error()
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Unwrap gives the kind and the cause, for errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.Kind == nil {
		return []error{e.Err}
	}
	return []error{e.Kind, e.Err}
}

// DivergingThreadError names a thread that cannot be given the process's
// filter, as its filters are not the beginning of the caller's
// (kernel/seccomp.c:seccomp_can_sync_threads).
type DivergingThreadError struct {
	TID     int
	Name    string // "" if it could not be read
	Filters int    // how many filters it has; -1 if that could not be read
	Caller  int    // how many the calling thread has; -1 if that could not be read
}

// Error says which thread it is and what it has.
func (e *DivergingThreadError) Error() string {
	name := ""
	if e.Name != "" {
		name = " (" + e.Name + ")"
	}
	s := fmt.Sprintf("thread %d%s has a filter of its own that the calling thread lacks", e.TID, name)
	if e.Filters >= 0 && e.Caller >= 0 {
		s += fmt.Sprintf(": it has %d, the caller %d", e.Filters, e.Caller)
	}
	return s
}

// Is reports whether target is ErrThreadDiverges.
func (e *DivergingThreadError) Is(target error) bool { return target == ErrThreadDiverges }
