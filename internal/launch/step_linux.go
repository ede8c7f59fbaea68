package launch

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// step is what is done for one layer.
type step struct {
	layer kernel.Layer
	does  []string // for people, a line each

	// lacks is why the layer, or a part of it, cannot be had here. It stops the
	// start unless weakening was asked for; the step does what is left.
	lacks []error

	// apply does it, on the thread that becomes the program. It may be nil.
	apply func() error

	// seen reads it back, on another thread, from the first one's status in
	// /proc. It returns what was seen, for the report. It may be nil.
	seen func(*kernel.Status) (string, error)

	// unseen says why there is nothing to read back, where seen is nil.
	unseen string

	// unneeded says that there is nothing to do for the layer.
	unneeded bool

	// close gives back what planning opened. It may be nil.
	close func()
}

// planner is what the steps are planned from.
type planner struct {
	policy   *policy.Policy
	entry    *entry
	program  *program
	native   *abi.Arch
	features *kernel.Features
	self     *kernel.Status // of the thread that becomes the program, as it is now
	image    *kernel.Image
	phases   []*policy.PhaseRules // that are entered from outside, the entry's first
	traced   bool                 // Landlock and seccomp are the tracer's to apply, at the exec event and later
}

// plan is every step, in the order in which they are applied.
type plan struct {
	steps  []*step
	filter *filterStep
	limits *limitsStep // by the other thread, at the very end
}

// steps plans every layer. The errors are all that is wrong whatever the kernel.
func (p *planner) plan() (*plan, []error) {
	var all plan
	var reasons []error
	add := func(s *step, errs ...error) {
		for _, err := range errs {
			if err != nil {
				reasons = append(reasons, err)
			}
		}
		if s != nil {
			all.steps = append(all.steps, s)
		}
	}
	ids, capabilities, idErrs := p.identity()
	filter, confining, errs := p.confinement()
	add(nil, errs...)
	label, labelErrs := p.label()

	add(p.descriptors())
	add(ids, idErrs...)
	add(capabilities)
	add(p.memory())
	add(label, labelErrs...)
	if len(all.steps) > 0 || len(confining) > 0 || filter != nil && len(filter.program) > 0 {
		add(noNewPrivs())
	}
	all.steps = append(all.steps, confining...)
	all.filter = filter
	limits, limitErrs := p.limits()
	add(nil, limitErrs...)
	all.limits = limits
	return &all, reasons
}

// confinement plans Landlock and seccomp. The filter is nil where the tracer
// installs it.
func (p *planner) confinement() (filter *filterStep, steps []*step, reasons []error) {
	if p.traced {
		steps, reasons = p.tracedSteps()
		return nil, steps, reasons
	}
	filter, err := p.seccomp()
	landlock, reasons := p.landlock(filter != nil && filter.guard)
	if landlock != nil {
		steps = append(steps, landlock)
	}
	return filter, steps, append(reasons, err)
}
