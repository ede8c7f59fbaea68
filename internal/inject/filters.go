package inject

import "github.com/narrow-sandbox/narrow/bpf"

// ThreadFilters are the filters of a thread as the kernel gives them back.
type ThreadFilters struct {
	TID     int
	Filters bpf.Stack // the oldest first
	Logs    []bool    // of each, whether it was installed with SECCOMP_FILTER_FLAG_LOG
}
