package inject

import "time"

// Report is what was seen of a process once all its threads had taken on the
// layers, before they went on.
type Report struct {
	PID     int            `json:"pid"`
	Phase   string         `json:"phase"`
	Stopped time.Duration  `json:"stopped_ns"` // from asking the first thread to stop to the last one's going on; known after Release or Resume
	Threads []ThreadReport `json:"threads"`
	Domains int            `json:"landlock_domains"` // how many each thread is in besides those before
	Filters bool           `json:"existing_filters_suspended"`
	Notes   []string       `json:"notes,omitempty"`
}

// ThreadReport is one thread.
type ThreadReport struct {
	TID         int    `json:"tid"`
	Name        string `json:"name"`
	Class       string `json:"class"` // "" is the unnamed one
	Before      int    `json:"seccomp_filters_before"`
	Filters     int    `json:"seccomp_filters"` // -1: this kernel does not tell
	Mode        int    `json:"seccomp"`         // 0 none, 1 strict, 2 filter
	NoNewPrivs  bool   `json:"no_new_privs"`
	Interrupted string `json:"interrupted,omitempty"` // the call that it slept in, in the notation
}
