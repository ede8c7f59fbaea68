package narrow

import (
	"fmt"
	"strings"
)

// Status is what became of a layer.
type Status string

// The statuses of a layer.
const (
	Enforced Status = "enforced" // asked for, and seen
	Accepted Status = "accepted" // the kernel took it, and the phase lets nobody look from inside; Seen tells why
	Unneeded Status = "unneeded" // the policy leaves it nothing to do
	Weakened Status = "weakened" // a part is missing, by BestEffort
	Absent   Status = "absent"   // missing, by BestEffort or AuditOnly
	Watching Status = "watching" // denies nothing, by AuditOnly
)

// LayerReport is what became of one layer.
type LayerReport struct {
	Layer  Layer    `json:"layer"`
	Need   Need     `json:"need"`
	Status Status   `json:"status"`
	Seen   string   `json:"seen,omitempty"`  // what /proc or an attempt showed
	Lacks  []string `json:"lacks,omitempty"` // what is missing, and why
}

// ThreadReport is a thread as /proc shows it.
type ThreadReport struct {
	TID        int    `json:"tid"`
	Name       string `json:"name"`
	NoNewPrivs bool   `json:"no_new_privs"`
	Seccomp    int    `json:"seccomp"`         // 0 none, 1 strict, 2 filter
	Filters    int    `json:"seccomp_filters"` // how many; -1 if this kernel does not tell (before 5.9)
}

// Descriptor is an open descriptor.
type Descriptor struct {
	FD     int    `json:"fd"`
	Target string `json:"target"` // as /proc/self/fd has it
}

// Report is what was seen after a phase or a thread class was entered.
type Report struct {
	Policy string        `json:"policy"`
	Phase  string        `json:"phase"`
	Class  string        `json:"class,omitempty"` // the thread class; "" for the whole process
	Layers []LayerReport `json:"layers"`

	// Threads are all threads of the process or, of a thread class, the one
	// that entered it. None are given if the filters that are now installed
	// keep the program itself from reading /proc; then seccomp is Accepted:
	// the kernel said that no thread was missed.
	Threads []ThreadReport `json:"threads,omitempty"`

	// Descriptors are those that were open when the phase was entered. They
	// keep their powers: Landlock looks when a file is opened. None are given,
	// and DescriptorsUnknown says why, if they could not be listed.
	Descriptors        []Descriptor `json:"descriptors,omitempty"`
	DescriptorsUnknown string       `json:"descriptors_unknown,omitempty"`
}

// Whole reports whether every layer holds as the policy has it.
func (r *Report) Whole() bool {
	for _, l := range r.Layers {
		if l.Status != Enforced && l.Status != Accepted && l.Status != Unneeded {
			return false
		}
	}
	return true
}

// Layer is what became of a layer.
func (r *Report) Layer(l Layer) LayerReport {
	for _, got := range r.Layers {
		if got.Layer == l {
			return got
		}
	}
	return LayerReport{Layer: l, Status: Unneeded}
}

// String is the report for people, a layer and a thread a line.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: phase %s", r.Policy, r.Phase)
	if r.Class != "" {
		fmt.Fprintf(&b, ", thread %s", r.Class)
	}
	b.WriteString("\n")
	for _, l := range r.Layers {
		fmt.Fprintf(&b, "  %-12s %-9s %s\n", l.Layer, l.Status, l.Seen)
		for _, lack := range l.Lacks {
			fmt.Fprintf(&b, "  %-12s lacks     %s\n", "", lack)
		}
	}
	for _, t := range r.Threads {
		fmt.Fprintf(&b, "  thread %-7d %-15s NoNewPrivs %t, Seccomp %d, Seccomp_filters %d\n", t.TID, t.Name, t.NoNewPrivs, t.Seccomp, t.Filters)
	}
	for _, d := range r.Descriptors {
		fmt.Fprintf(&b, "  still open   %d %s\n", d.FD, d.Target)
	}
	if r.DescriptorsUnknown != "" {
		fmt.Fprintf(&b, "  still open   unknown: %s\n", r.DescriptorsUnknown)
	}
	return b.String()
}
