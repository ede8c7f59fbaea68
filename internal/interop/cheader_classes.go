package interop

import (
	"slices"

	"github.com/narrow-sandbox/narrow/policy"
)

// kind is what a thread class is in a phase.
type kind int

const (
	noClass   kind = iota // the phase has none of that name
	modeOne               // strict
	allowsAll             // `allow *`, which installs nothing
	filters
)

// classKind tells what a class is in a phase; "" is the threads that no block
// names, of a phase that has blocks.
func classKind(ph *policy.PhaseRules, name string) kind {
	c := ph.Class(name)
	switch {
	case len(ph.Classes) == 0, name != "" && c == nil:
		return noClass
	case name != "" && c.Strict:
		return modeOne
	case unfiltered(classRules(ph, name)):
		return allowsAll
	}
	return filters
}

// classRules are those of a class that the phase has.
func classRules(ph *policy.PhaseRules, name string) *policy.Rules {
	if c := ph.Class(name); name != "" && c != nil {
		return c.Rules
	}
	return ph.Own
}

// unfiltered reports whether rules are `allow *`.
func unfiltered(r *policy.Rules) bool {
	return (&policy.PhaseRules{Own: r}).Unfiltered()
}

// filtered reports whether a phase installs a filter for the whole process. One
// with a strict class does not, as mode 1 knows no filter before it: its own
// rules are `allow *`.
func filtered(ph *policy.PhaseRules) bool {
	strict := func(c *policy.Class) bool { return c.Strict }
	return !ph.Strict && !ph.Unfiltered() && !slices.ContainsFunc(ph.Classes, strict)
}

// strictAnywhere reports whether mode 1 is asked for, of a phase or of a class.
func strictAnywhere(p *policy.Policy) (phase, class bool) {
	for _, ph := range p.Phases {
		phase = phase || ph.Strict
		class = class || slices.ContainsFunc(ph.Classes, func(c *policy.Class) bool { return c.Strict })
	}
	return phase, class
}
