package tracer

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
)

// Death is a thread that a filter killed for a call, with its process or
// alone, as it was just before its end.
type Death struct {
	PID     int
	TID     int
	Program string // the base name of the file that the process runs
	Name    string // the thread's, as a policy calls it
	Phase   string // of its process
	Class   string // whose rules it has; "" is the unnamed one

	Call     *bpf.Data // nil if the thread does not tell it, as one of another ABI
	Decision explain.Decision
	Ours     bool   // the policy stops the call; else it was a filter of the program's own
	Sites    []Site // where the call was made, the innermost first
}
