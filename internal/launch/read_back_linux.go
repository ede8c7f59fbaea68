package launch

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// lack is something that a layer cannot do here.
type lack struct {
	layer kernel.Layer
	err   error
}

func (p *plan) lacks() []lack {
	var all []lack
	for _, s := range p.steps {
		for _, err := range s.lacks {
			all = append(all, lack{s.layer, err})
		}
	}
	for _, err := range p.filter.lacks {
		all = append(all, lack{kernel.Seccomp, err})
	}
	return all
}

// base is the report before anything was seen.
func (l *launcher) base() *Report {
	c := l.config
	r := &Report{
		Version: ReportVersion,
		Policy:  c.Policy.Name,
		Phase:   c.Phase,
		PID:     os.Getpid(),
		Program: c.Program,
		Args:    c.Args,
	}
	if l.entry != nil {
		r.Phase = l.entry.name
	}
	if l.program != nil {
		r.Program = l.program.path
	}
	return r
}

// look reads each layer back into the report and returns what is not as asked.
func (l *launcher) look(r *Report, status *kernel.Status) []error {
	var failures []error
	r.Whole = true
	add := func(layer kernel.Layer, does []string, lacks []error, see func(*kernel.Status) (string, error), otherwise string) {
		report := LayerReport{Layer: layer, Required: !l.config.BestEffort, Status: Enforced, Does: does, Seen: otherwise}
		if see != nil {
			saw, err := see(status)
			report.Seen = saw
			if err != nil {
				err = layerError(layer, fmt.Errorf("asked for, and not there: %w", err))
				failures = append(failures, err)
				report.Status, report.Seen = Failed, err.Error()
			}
		}
		if len(lacks) > 0 {
			r.Whole = false
			report.Lacks = texts(lacks)
			if report.Status == Enforced {
				report.Status = Weakened
			}
			if see == nil {
				report.Status = Absent
			}
		}
		r.Layers = append(r.Layers, report)
	}
	for _, s := range l.plan.steps {
		add(s.layer, s.does, s.lacks, s.seen, s.unseen)
	}
	if f := l.plan.filter; len(f.program) > 0 {
		add(kernel.Seccomp, f.does, f.lacks, f.seen, "")
	} else {
		add(kernel.Seccomp, f.does, f.lacks, nil, "not installed")
	}
	if limits := l.plan.limits; limits != nil {
		add(kernel.Limits, limits.does, nil, nil, "set and read back just before the start")
	}
	return failures
}

func texts(errs []error) []string {
	all := make([]string, len(errs))
	for i, err := range errs {
		all[i] = err.Error()
	}
	return all
}

// comm is the name that exec gives the program's first thread (fs/exec.c:begin_new_exec).
func (r *Report) comm() string {
	const most = 15 // TASK_COMM_LEN without its NUL
	base := filepath.Base(r.Program)
	return base[:min(len(base), most)]
}

// describe adds the thread that becomes the program, and what stays in reach.
func (r *Report) describe(s *kernel.Status, pid int) {
	r.Threads = []ThreadReport{{
		TID:            pid,      // exec gives the thread the process's id
		Name:           r.comm(), // exec sets it
		Seccomp:        s.SeccompMode,
		SeccompFilters: s.SeccompFilters,
		NoNewPrivs:     s.NoNewPrivs,
		UID:            s.UID[1],
		GID:            s.GID[1],
		Groups:         s.Groups,
		Capabilities:   kernel.CapNames(s.CapPermitted),
	}}
	open, err := kernel.OpenDescriptors()
	if err != nil {
		r.Errors = append(r.Errors, err.Error())
	}
	for _, d := range open {
		if !d.Cloexec {
			r.Descriptors = append(r.Descriptors, Descriptor{d.FD, d.Target})
		}
	}
}
