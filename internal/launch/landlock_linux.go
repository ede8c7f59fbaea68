package launch

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
)

// landlock plans the domains of the files and network blocks, and the one that
// leaves only the program itself executable where the filter has an execve
// that the policy does not want.
func (p *planner) landlock(guard bool) (*step, []error) {
	if !guard && len(p.entry.files) == 0 && len(p.entry.network) == 0 {
		return nil, nil
	}
	s := &step{layer: kernel.Landlock, does: append(describeFiles(p.entry.files), describeNetwork(p.entry.network)...)}
	if guard {
		s.does = append(s.does, "nothing executable but the program and what it starts by: "+join(p.program.chain))
	}
	version, err := p.features.Landlock()
	if err != nil {
		s.lacks, s.unseen = []error{err}, "not applied"
		return s, nil
	}
	s.does = append(s.does, fmt.Sprintf("Landlock ABI %d", version))
	s.lacks = ruleset.Lacks(version, p.entry.files, p.entry.network)
	rights := kernel.RightsOf(version)
	plans := ruleset.Of(p.entry.files, p.entry.network, rights)
	if guard {
		plans = append(plans, ruleset.OnlyExecutable(p.program.chain, rights))
	}
	rulesets, reasons := ruleset.Build(ruleset.Here{}, plans)
	if len(reasons) == 0 {
		reasons = p.mayExecute()
	}
	evidence := &evidence{entry: p.entry, guard: guard, chain: p.program.chain, ports: ruleset.HandlesPorts(version)}
	s.apply = func() error { return evidence.around(func() error { return enterAll(rulesets) }) }
	s.seen = func(*kernel.Status) (string, error) { return evidence.String(), nil }
	s.close = func() {
		for _, fd := range rulesets {
			kernel.Close(fd)
		}
	}
	return s, reasons
}

func enterAll(rulesets []int) error {
	for _, fd := range rulesets {
		if err := kernel.LandlockRestrictSelf(fd); err != nil {
			return err
		}
	}
	return nil
}
