package policy

import (
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
)

// Wide is the Rules of the process-wide filter of the phase: the join of its
// thread classes, the unnamed one first.
func (ph *PhaseRules) Wide() *Rules {
	if len(ph.Classes) == 0 {
		return ph.Own
	}
	wide := &Rules{Else: ph.Own.Else, ElseAt: ph.Own.ElseAt}
	for i, own := range ph.Own.Arches {
		joined := &ArchRules{Arch: own.Arch, Lists: slices.Clone(own.Lists)}
		for _, c := range ph.Classes {
			joined.Lists = append(joined.Lists, c.Rules.Arches[i].Lists...)
		}
		wide.Arches = append(wide.Arches, joined)
	}
	return wide
}

// For is the Rules of a thread by its name: those of the class that Class
// finds, else the phase's own.
func (ph *PhaseRules) For(thread string) *Rules {
	if c := ph.Class(thread); c != nil {
		return c.Rules
	}
	return ph.Own
}

// Class is the thread class of a name, nil for the unnamed one: the first whose
// glob matches, but that the block `main` is before all others the one of
// "main", the process's first thread. A class's own text finds it, too, if it
// matches none, as `[ab]` does not match itself.
func (ph *PhaseRules) Class(thread string) *Class {
	if thread == Main {
		if c := ph.named(Main); c != nil {
			return c
		}
	}
	for _, c := range ph.Classes {
		if glob(c.Name, thread) {
			return c
		}
	}
	return ph.named(thread)
}

// Main is the name of the process's first thread in a policy.
const Main = "main"

// ClassOf is the class of a thread in a running process, by whether it is the
// first one and by its name in /proc, which `main` is not.
func (ph *PhaseRules) ClassOf(first bool, name string) *Class {
	if first && ph.named(Main) != nil {
		return ph.named(Main)
	}
	for _, c := range ph.Classes {
		if c.Name != Main && glob(c.Name, name) {
			return c
		}
	}
	return nil
}

// named is the class whose block has this text.
func (ph *PhaseRules) named(text string) *Class {
	for _, c := range ph.Classes {
		if c.Name == text {
			return c
		}
	}
	return nil
}

// Unfiltered reports whether the phase installs no seccomp filter: `allow *`
// decides every call, for every thread.
func (ph *PhaseRules) Unfiltered() bool {
	return ph.Own.unfiltered() && !slices.ContainsFunc(ph.Classes, func(c *Class) bool { return !c.Rules.unfiltered() })
}

func (r *Rules) unfiltered() bool {
	return r.all(List.unfiltered)
}

// all reports whether every list is as asked.
func (r *Rules) all(is func(List) bool) bool {
	for _, a := range r.Arches {
		for _, l := range a.Lists {
			if !is(l) {
				return false
			}
		}
	}
	return true
}

// unfiltered reports whether the list's first rule, the kernel's own needs
// aside, allows every call and was written to do so.
func (l List) unfiltered() bool {
	for _, m := range l {
		if m.Origin != FromKernel {
			return m.Verdict.Kind == Allow && m.Text == "*" && len(m.Conds) == 0
		}
	}
	return false
}

// AllowsNothing reports whether some thread may make no call at all in the
// phase: no rule of a list lets anything run.
func (ph *PhaseRules) AllowsNothing() bool {
	if ph.Own.allowsNothing() {
		return true
	}
	return slices.ContainsFunc(ph.Classes, func(c *Class) bool { return c.Rules.allowsNothing() })
}

func (r *Rules) allowsNothing() bool {
	return r.all(List.allowsNothing)
}

// allowsNothing looks for a rule that lets run, up to the first one that
// decides all that is left.
func (l List) allowsNothing() bool {
	for _, m := range l {
		if m.Origin == FromKernel || len(m.Numbers) == 0 {
			continue
		}
		if m.Verdict.Kind.Runs() {
			return false
		}
		if m.Text == "*" && len(m.Conds) == 0 {
			return true
		}
	}
	return true
}

// On returns the rules of one architecture; without any lists if the policy is
// not for it, so that Else decides its calls.
func (r *Rules) On(arch *abi.Arch) *ArchRules {
	for _, a := range r.Arches {
		if a.Arch == arch {
			return a
		}
	}
	return &ArchRules{Arch: arch}
}
