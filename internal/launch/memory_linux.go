package launch

import (
	"errors"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// memory refuses the process new executable memory.
func (p *planner) memory() *step {
	rules := &p.policy.Process
	if !rules.WriteXorExecute {
		return nil
	}
	s := &step{layer: kernel.Memory, does: describeMemory(rules)}
	if err := p.features.MDWE(); err != nil {
		s.lacks, s.unseen = []error{err}, "not applied"
		return s
	}
	s.apply = kernel.SetMDWE
	s.seen = func(*kernel.Status) (string, error) {
		on, err := kernel.GetMDWE()
		if err == nil && !on {
			err = errors.New("PR_GET_MDWE says that it is off")
		}
		return "PR_GET_MDWE says that it is on", err
	}
	return s
}
