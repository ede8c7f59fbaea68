package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	if p.filter == nil {
		return all
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
		Layers: []LayerReport{}, Threads: []ThreadReport{}, Descriptors: []Descriptor{}, Reach: []string{},
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
func (p *plan) look(r *Report, status *kernel.Status, required bool) []error {
	var failures []error
	r.Whole = true
	for _, s := range p.reportable() {
		layer, err := s.look(status)
		layer.Required = required
		if err != nil {
			failures = append(failures, err)
		}
		r.Whole = r.Whole && (layer.Status == Enforced || layer.Status == Unneeded)
		r.Layers = append(r.Layers, layer)
	}
	return failures
}

// reportable is every layer as a step, in the order of application.
func (p *plan) reportable() []*step {
	all := slices.Clone(p.steps)
	if f := p.filter; f != nil {
		filter := &step{layer: kernel.Seccomp, does: f.does, lacks: f.lacks, unseen: "not installed", unneeded: f.unneeded && len(f.lacks) == 0}
		if len(f.program) > 0 {
			filter.seen = f.seen
		}
		all = append(all, filter)
	}
	if p.limits != nil {
		all = append(all, &step{layer: kernel.Limits, does: p.limits.does, unseen: "set and read back just before the start"})
	}
	return all
}

// look reads one layer back.
func (s *step) look(status *kernel.Status) (LayerReport, error) {
	report := LayerReport{Layer: s.layer, Status: Enforced, Does: s.does, Seen: s.unseen, Lacks: texts(s.lacks)}
	switch {
	case s.unneeded:
		report.Status = Unneeded
	case len(s.lacks) > 0 && s.seen == nil:
		report.Status = Absent
	case len(s.lacks) > 0:
		report.Status = Weakened
	}
	if s.seen == nil {
		return report, nil
	}
	saw, err := s.seen(status)
	report.Seen = saw
	if err != nil {
		err = fmt.Errorf("%s: FAILED: %w", s.layer, err)
		report.Status, report.Seen = Failed, err.Error()
	}
	return report, err
}

func texts(errs []error) []string {
	if len(errs) == 0 {
		return nil
	}
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

// reach tells what stays possible although a reader of the policy may not
// expect it.
func (l *launcher) reach() []string {
	says := []string{"descriptors that are open already keep their powers, whatever files and network say"}
	if len(l.entry.files) > 0 {
		says = append(says, "stat and access tell of any path whether it is there")
	} else {
		says = append(says, "no files block: every file that the user may open")
	}
	if len(l.entry.network) == 0 {
		says = append(says, "no network block: every address that the calls let it reach")
	}
	if l.plan.filter != nil && l.plan.filter.ownExecve {
		says = append(says, "execve with the three random pointers that only this start knew")
	}
	if l.program.setuid {
		says = append(says, "the set-id bit of "+l.program.path+" is void, as no exec grants anything")
	}
	return says
}
