package launch

import (
	"errors"
	"io"
	"time"

	"github.com/narrow-sandbox/narrow/policy"
)

// Config is what to run and how. The zero values are the strict ones.
type Config struct {
	Policy *policy.Policy
	Phase  string // to enter; "" is the first

	Program string   // looked up in PATH as a shell does
	Args    []string // argv, with argv[0]; none is Program alone
	Env     []string // the program's whole environment

	// BestEffort starts the program although a layer is missing. Each one is
	// named on Notes and in the report.
	BestEffort bool

	// Beside is how this program is made to call Beside with what is appended:
	// the tracer's process. Without it what needs a tracer is refused.
	Beside []string

	// Deaths keeps the tracer beside the program, to explain the death of one
	// that a filter kills.
	Deaths bool

	// Audit denies nothing, and tells what would have been denied.
	Audit Audit

	// Cheap waits for calls that begin a phase by eBPF, which takes root's
	// rights and comes some 100 µs late, instead of stopping threads at each call.
	Cheap bool

	// Timeout is how long a phase may take to begin, 0 for ever. After it the
	// program stays in the phase where it is, or with EndOnTimeout is ended.
	Timeout      time.Duration
	EndOnTimeout bool

	Report string    // file for the report, "-" for Notes, "" for none
	Notes  io.Writer // for what the user must know although the program starts

	// Exit ends the process with an error that Run can no longer return, as
	// the thread that called it is confined already. It is called on another
	// one, prints err, and ends the process with its ExitStatus.
	Exit func(err error)
}

// Audit is how what would be denied is found out.
type Audit string

// The ways of an audit.
const (
	NoAudit     Audit = ""
	AuditCalls  Audit = "calls" // a supervisor looks at each call that might be
	AuditKernel Audit = "log"   // the kernel logs them (audit(7), dmesg(1)), as far as it gets to
)

// The exit statuses of `narrow run` where the program was not started.
const (
	StatusSetup         = 125 // the sandbox could not be set up
	StatusNotExecutable = 126
	StatusNotFound      = 127
)

// Error is why a program was not started. Unwrap gives every reason.
type Error struct {
	Status  int
	Reasons []error
}

// Error lists the reasons a line each.
func (e *Error) Error() string { return errors.Join(e.Reasons...).Error() }

// Unwrap lets errors.Is and errors.As see each reason.
func (e *Error) Unwrap() []error { return e.Reasons }

// ExitStatus is 125, 126 or 127.
func (e *Error) ExitStatus() int { return e.Status }

// setup is the error of a sandbox that could not be set up, nil without reasons.
func setup(reasons ...error) error {
	var all []error
	for _, r := range reasons {
		if r != nil {
			all = append(all, r)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &Error{StatusSetup, all}
}
