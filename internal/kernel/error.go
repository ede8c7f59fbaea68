package kernel

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
)

// ErrNotSupported is what this kernel, or this operating system, cannot do.
var ErrNotSupported = errors.New("not supported by this kernel")

// Layer is one mechanism that narrows a process.
type Layer string

// The layers, in the order in which they are applied. Limits come last in
// time: they would hinder the other steps, and nothing of the program has run.
const (
	Descriptors  Layer = "descriptors"
	IDs          Layer = "ids"
	Capabilities Layer = "capabilities"
	Memory       Layer = "memory"
	Label        Layer = "label"
	NoNewPrivs   Layer = "no_new_privs"
	Landlock     Layer = "landlock"
	Seccomp      Layer = "seccomp"
	Limits       Layer = "limits"
	Exec         Layer = "exec"
	Tracing      Layer = "tracing" // no layer, but the way to apply one to another process
)

// Error is a system call that failed.
type Error struct {
	Op     string // the call under the kernel's name, with what tells it apart: "prctl(PR_SET_MDWE)"
	Layer  Layer  // the layer it was made for
	Thread int    // the thread it was made on, or that stood in the way; 0 if it does not matter
	Err    error  // the errno
}

// Error formats e as "layer: call: errno".
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s: %v", e.Layer, e.Op, e.Err)
	if e.Thread != 0 {
		s += fmt.Sprintf(" (thread %d)", e.Thread)
	}
	return s
}

// Unwrap returns the errno.
func (e *Error) Unwrap() error { return e.Err }

// UnsupportedFeatureError is a feature that this kernel lacks. It is
// ErrNotSupported.
type UnsupportedFeatureError struct {
	Name    string      // of the feature, for people: "Landlock rules for TCP ports"
	Minimum abi.Version // the first Linux that has it
	Err     error       // what the kernel answered; may be nil
}

// Error says what is missing and which Linux has it.
func (e *UnsupportedFeatureError) Error() string {
	s := "this kernel has no " + e.Name
	if e.Minimum != (abi.Version{}) {
		s += fmt.Sprintf("; it needs Linux %v or later", e.Minimum)
	}
	if e.Err != nil {
		s += fmt.Sprintf(" (%v)", e.Err)
	}
	return s
}

// Is reports whether target is ErrNotSupported.
func (e *UnsupportedFeatureError) Is(target error) bool { return target == ErrNotSupported }

// Unwrap returns what the kernel answered.
func (e *UnsupportedFeatureError) Unwrap() error { return e.Err }
