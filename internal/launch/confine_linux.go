package launch

import (
	"fmt"
	"slices"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// traced plans the two layers that the tracer applies at the exec event and
// later: nothing of them is done here, but what can be found wrong is, and what
// they do and lack is told.
func (p *planner) tracedSteps() (steps []*step, reasons []error) {
	landlock, reasons := p.tracedLandlock()
	for _, s := range []*step{landlock, p.tracedSeccomp()} {
		if s != nil {
			steps = append(steps, s)
		}
	}
	return steps, reasons
}

// bySight is the seen of a layer that the tracer reads back itself.
func bySight(*kernel.Status) (string, error) { return "", nil }

func (p *planner) tracedSeccomp() *step {
	s := &step{layer: kernel.Seccomp, does: describeFilter(p.entry.phase)}
	if err := p.features.Seccomp(); err != nil {
		s.lacks, s.unseen = []error{err}, "not installed"
		return s
	}
	if !slices.ContainsFunc(p.phases, func(ph *policy.PhaseRules) bool { return !ph.Unfiltered() }) {
		s.unneeded, s.does = true, []string{"nothing: everything is allowed, so no filter is installed"}
		return s
	}
	for _, phase := range p.phases {
		s.lacks = append(s.lacks, p.lacksOfVerdicts(phase)...)
	}
	s.seen = bySight
	return s
}

// lacksOfVerdicts lists the actions of a phase that the kernel does not have.
func (p *planner) lacksOfVerdicts(phase *policy.PhaseRules) []error {
	var lacks []error
	seen := map[policy.Kind]bool{}
	eachRule(phase, func(r *policy.RuleMatch) {
		if seen[r.Verdict.Kind] {
			return
		}
		seen[r.Verdict.Kind] = true
		if err := p.features.Action(uint32(r.Verdict.Action().Kind())); err != nil {
			lacks = append(lacks, err)
		}
	})
	return lacks
}

// tracedLandlock is nil if no phase has anything for Landlock.
func (p *planner) tracedLandlock() (*step, []error) {
	s := &step{layer: kernel.Landlock, does: append(describeFiles(p.entry.files), describeNetwork(p.entry.network)...)}
	files, network := p.entry.files, p.entry.network
	for _, phase := range p.phases[1:] {
		files, network = append(slices.Clip(files), phase.Files...), append(slices.Clip(network), phase.Network...)
	}
	if len(files) == 0 && len(network) == 0 {
		return nil, nil
	}
	version, err := p.features.Landlock()
	if err != nil {
		s.lacks, s.unseen = []error{err}, "not applied"
		return s, nil
	}
	s.does = append(s.does, fmt.Sprintf("Landlock ABI %d", version))
	s.lacks, s.seen = ruleset.Lacks(version, files, network), bySight
	rulesets, reasons := ruleset.Build(ruleset.Here{}, ruleset.Of(p.entry.files, p.entry.network, kernel.RightsOf(version)))
	for _, fd := range rulesets {
		kernel.Close(fd)
	}
	return s, reasons
}
