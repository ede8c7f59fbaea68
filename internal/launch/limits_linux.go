package launch

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// limitsStep sets the rlimits. They hold for the whole process and would
// hinder everything before exec (NOFILE 3, AS), so they are the last thing
// that the other thread does. It has narrow's own privileges still, so a limit
// may be raised as far as those reach.
type limitsStep struct {
	does  []string
	wants []limitWanted
}

type limitWanted struct {
	name     string
	resource int
	value    uint64
}

func (p *planner) limits() (*limitsStep, []error) {
	rules := &p.policy.Process
	if len(rules.Limits) == 0 {
		return nil, nil
	}
	l := &limitsStep{does: describeLimits(rules)}
	var reasons []error
	for _, limit := range rules.Limits {
		resource, ok := kernel.LimitByName(limit.Name)
		if !ok {
			reasons = append(reasons, fmt.Errorf("%v: unknown limit %s", limit.Pos, limit.Name))
			continue
		}
		l.wants = append(l.wants, limitWanted{limit.Name, resource, limit.Value})
	}
	return l, reasons
}

// apply sets each limit and reads it back.
func (l *limitsStep) apply() error {
	for _, w := range l.wants {
		want := kernel.Limit{Soft: w.value, Hard: w.value}
		if err := kernel.SetLimit(w.resource, want); err != nil {
			return fmt.Errorf("limit %s: %w", w.name, err)
		}
		got, err := kernel.GetLimit(w.resource)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("limit %s: asked for %d, and it is %d, %d", w.name, w.value, got.Soft, got.Hard)
		}
	}
	return nil
}
