package launch

import (
	"slices"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// ReportVersion is the version of the report's form.
const ReportVersion = 1

// Report is what --report writes: what was asked for, and what was seen of it
// just before the program started, on the thread that became it.
type Report struct {
	Version     int            `json:"version"`
	Policy      string         `json:"policy"`
	Phase       string         `json:"phase"`   // that the process is in
	PID         int            `json:"pid"`     // of the process that has become the program; steps tell of those that it has made
	Program     string         `json:"program"` // the path that was executed
	Args        []string       `json:"args"`    // argv
	Started     bool           `json:"started"`
	Whole       bool           `json:"whole"` // every layer that the policy asks for is enforced
	Errors      []string       `json:"errors,omitempty"`
	Layers      []LayerReport  `json:"layers"`
	Threads     []ThreadReport `json:"threads"`
	Descriptors []Descriptor   `json:"descriptors"` // what the program finds open
	Reach       []string       `json:"reach"`       // what stays possible although it may surprise

	// What a tracer has done and seen, where there is one.
	Steps  []StepReport   `json:"steps,omitempty"`      // one for each phase that a process has entered: the latest
	Gone   int            `json:"steps_gone,omitempty"` // how many earlier ones are left out
	Deaths []*DeathReport `json:"deaths,omitempty"`     // of threads that a filter killed
	Audit  *AuditReport   `json:"audit,omitempty"`      // of a program that was denied nothing
}

// latest leaves out the oldest steps, but for those of the process itself, from
// where there are too many: a program may make processes for years.
func (r *Report) latest(steps []StepReport) []StepReport {
	const most = 100
	for len(steps) > most {
		oldest := slices.IndexFunc(steps, func(s StepReport) bool { return s.PID != r.PID })
		if oldest < 0 {
			break
		}
		steps = slices.Delete(steps, oldest, oldest+1)
		r.Gone++
	}
	return steps
}

// LayerStatus is what became of a layer.
type LayerStatus string

// The statuses of a layer.
const (
	Enforced LayerStatus = "enforced" // asked for and seen
	Unneeded LayerStatus = "unneeded" // the policy leaves it nothing to deny
	Weakened LayerStatus = "weakened" // a part of it is missing, by --best-effort
	Absent   LayerStatus = "absent"   // missing, by --best-effort
	Failed   LayerStatus = "FAILED"   // asked for and not seen
)

// LayerReport is one layer of the report.
type LayerReport struct {
	Layer    kernel.Layer `json:"layer"`
	Required bool         `json:"required"`
	Status   LayerStatus  `json:"status"`
	Does     []string     `json:"does"`
	Seen     string       `json:"seen,omitempty"` // what /proc or an attempt showed
	Lacks    []string     `json:"lacks,omitempty"`
}

// ThreadReport is a thread as /proc shows it.
type ThreadReport struct {
	TID            int      `json:"tid"`
	Name           string   `json:"name"`
	Class          string   `json:"class,omitempty"` // its thread class, "" being the unnamed one
	Seccomp        int      `json:"seccomp"`         // 0 none, 1 strict, 2 filter
	SeccompFilters int      `json:"seccomp_filters"` // -1: this kernel does not tell
	NoNewPrivs     bool     `json:"no_new_privs"`
	UID            uint32   `json:"uid"`
	GID            uint32   `json:"gid"`
	Groups         []uint32 `json:"groups"`
	Capabilities   []string `json:"capabilities"` // permitted
}

// StepReport is a process that has entered a phase.
type StepReport struct {
	PID       int                   `json:"pid"`
	Phase     string                `json:"phase"`
	StoppedMS float64               `json:"stopped_ms,omitempty"` // from asking the first thread to stop to the last one's going on
	Seen      []string              `json:"seen"`                 // of each layer, what /proc shows or the kernel answered
	Threads   []inject.ThreadReport `json:"threads"`
	Notes     []string              `json:"notes,omitempty"`
}

// Descriptor is an open descriptor.
type Descriptor struct {
	FD     int    `json:"fd"`
	Target string `json:"target"`
}
