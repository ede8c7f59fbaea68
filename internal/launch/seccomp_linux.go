package launch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

// filterStep is the seccomp layer. It is not applied like the others, as
// nothing can follow it but the exec: kernel.Start does it.
type filterStep struct {
	does      []string
	lacks     []error
	program   bpf.Program // none: a filter that allows everything is not installed
	ownExecve bool        // the filter has the rule for this start, which the policy lacks
	guard     bool        // and the policy lets no exec run at all
	unneeded  bool        // the policy allows everything
	before    int         // filters on the thread before
}

func (p *planner) seccomp() (*filterStep, error) {
	f := &filterStep{does: describeFilter(p.entry.phase), before: p.self.SeccompFilters}
	f.lacks = classLacks(p.entry.phase)
	if p.entry.phase.Unfiltered() {
		f.unneeded = true
		f.does = []string{"nothing: everything is allowed, so no filter is installed"}
		return f, nil
	}
	var added bool
	var err error
	f.program, added, err = startFilter(proved.Remember(), p.entry.phase.Wide(), p.native, p.image.Registers())
	if err != nil {
		return f, err
	}
	if added {
		f.ownExecve = true
		f.guard = !letsExec(p.entry.phase.Wide())
		f.does = append(f.does, "one execve, this start's own, by its three pointers")
	}
	f.lacks = append(f.lacks, p.lacksOf(f.program)...)
	if p.features.Seccomp() != nil {
		f.program = nil
	}
	return f, nil
}

// classLacks says that no thread class is told from another without a tracer.
func classLacks(phase *policy.PhaseRules) []error {
	names := classes(phase)
	if len(names) == 0 {
		return nil
	}
	return []error{fmt.Errorf("%v: the rules of threads %s need a tracer that waits for them; without one every thread has the least strict of all",
		phase.Classes[0].Pos, strings.Join(names, ", "))}
}

// lacksOf lists what the program needs and the kernel does not have.
func (p *planner) lacksOf(program bpf.Program) []error {
	if err := p.features.Seccomp(); err != nil {
		return []error{err}
	}
	var lacks []error
	for _, action := range actionsOf(program) {
		if err := p.features.Action(uint32(action)); err != nil {
			lacks = append(lacks, err)
		}
	}
	return lacks
}

// actionsOf lists the kinds of action that the program returns.
func actionsOf(program bpf.Program) []bpf.Action {
	var kinds []bpf.Action
	for _, i := range program {
		if i.Class() != bpf.RET {
			continue
		}
		if kind := bpf.Action(i.K).Kind(); !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// seen reads back that the thread has one filter more than before.
func (f *filterStep) seen(s *kernel.Status) (string, error) {
	saw := fmt.Sprintf("Seccomp %d, Seccomp_filters %d", s.SeccompMode, s.SeccompFilters)
	if s.SeccompMode != 2 || s.SeccompFilters >= 0 && s.SeccompFilters != f.before+1 {
		return "", fmt.Errorf("asked for one filter more than %d, /proc says %s", f.before, saw)
	}
	return saw, nil
}
