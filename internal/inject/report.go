package inject

import (
	"time"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Report is what was seen of a process once all its threads had taken on the
// layers, before they went on.
type Report struct {
	PID     int
	Phase   string
	Stopped time.Duration // from asking the first thread to stop to the last one's going on; known after Release or Resume
	Threads []ThreadReport
	Layers  []LayerReport
	Notes   []string

	// Descriptors are open, and keep their powers.
	Descriptors []Descriptor
}

// ThreadReport is one thread, as /proc shows it.
type ThreadReport struct {
	TID            int    `json:"tid"`
	Name           string `json:"name"`
	Class          string `json:"class"`                  // the policy's thread block; "" is the phase's own rules
	Seccomp        int    `json:"seccomp"`                // 0 none, 1 strict, 2 filter
	SeccompFilters int    `json:"seccomp_filters"`        // -1: this kernel does not tell
	Before         int    `json:"seccomp_filters_before"` // likewise
	NoNewPrivs     bool   `json:"no_new_privs"`
	Interrupted    string `json:"interrupted,omitempty"` // the call that it was in and is in again, in the notation
}

// LayerReport is one layer that the threads have taken on.
type LayerReport struct {
	Layer kernel.Layer
	Seen  string // what /proc shows, or what the kernel answered
}

// Lack is a part of a policy that a live process cannot be given.
type Lack struct {
	Layer kernel.Layer
	Err   error
}

// Descriptor is an open descriptor of the process.
type Descriptor struct {
	FD     int    `json:"fd"`
	Target string `json:"target"`
}
