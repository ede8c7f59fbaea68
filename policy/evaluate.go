package policy

import "github.com/narrow-sandbox/narrow/bpf"

// Evaluate is the reference meaning of Rules: the verdict of a call and the
// rule that decided it, which is nil where Else did. It is slow and obvious on
// purpose, as the compiler and the verifier are held against it.
func (r *Rules) Evaluate(d *bpf.Data) (Verdict, *RuleMatch) {
	for _, a := range r.Arches {
		if a.Arch.Audit == d.Arch && a.Arch.Owns(d.Nr) {
			return a.evaluate(d)
		}
	}
	return r.Else, nil
}

// evaluate is the least strict verdict of the lists; where two tie in rank,
// the earlier list's.
func (a *ArchRules) evaluate(d *bpf.Data) (Verdict, *RuleMatch) {
	verdict, rule := Verdict{}, (*RuleMatch)(nil)
	for i, list := range a.Lists {
		v, by := list.evaluate(d)
		if i == 0 || verdict.Stricter(v) {
			verdict, rule = v, by
		}
	}
	return verdict, rule
}

// evaluate finds the first rule that matches. A list whose last rule does not
// match everything kills the process where none does.
func (l List) evaluate(d *bpf.Data) (Verdict, *RuleMatch) {
	for _, rule := range l {
		if rule.Matches(d) {
			return rule.Verdict, rule
		}
	}
	return Verdict{}, nil
}

// Matches reports whether the rule is about the call: one of its numbers, and
// every condition holds. Which architecture's call it is, is not looked at.
func (m *RuleMatch) Matches(d *bpf.Data) bool {
	return fits(d, m.Numbers, m.Conds)
}

func fits(d *bpf.Data, numbers []Range, conds []Cond) bool {
	if !contains(numbers, uint64(d.Nr)) {
		return false
	}
	for i := range conds {
		if !conds[i].Holds(d) {
			return false
		}
	}
	return true
}

// Holds reports whether the condition is true of a call.
func (c *Cond) Holds(d *bpf.Data) bool {
	return contains(c.Ranges, c.Operand.Value(d)&c.Mask)
}

// Fits reports whether a call fits the pattern.
func (p *Pattern) Fits(d *bpf.Data) bool {
	for _, a := range p.Arches {
		if a.Arch.Audit != d.Arch || !a.Arch.Owns(d.Nr) {
			continue
		}
		for _, m := range a.Match {
			if fits(d, m.Numbers, m.Conds) {
				return true
			}
		}
	}
	return false
}

// Strictest is what the kernel makes of the verdicts of stacked filters, the
// oldest first: the strictest wins, and where two tie in rank the newest. No
// filter at all allows. Source: kernel/seccomp.c:seccomp_run_filters.
func Strictest(oldestFirst ...Verdict) Verdict {
	result := Verdict{Kind: Allow}
	for i := len(oldestFirst) - 1; i >= 0; i-- {
		if v := oldestFirst[i]; v.Stricter(result) {
			result = v
		}
	}
	return result
}

// Evaluate is the verdict of a call for a thread of a process that has entered
// the phases up to the one of that name, with the rule that decided it: nil if
// Else did, or if no phase filters. It is false if there is no such phase.
func (p *Policy) Evaluate(phase, thread string, d *bpf.Data) (v Verdict, by *RuleMatch, ok bool) {
	last := p.phaseIndex(phase)
	if last < 0 {
		return Verdict{}, nil, false
	}
	v = Verdict{Kind: Allow}
	for i := last; i >= 0; i-- {
		if p.Phases[i].Unfiltered() {
			continue
		}
		if got, rule := p.Phases[i].For(thread).Evaluate(d); got.Stricter(v) || by == nil && got == v {
			v, by = got, rule
		}
	}
	return v, by, true
}

func (p *Policy) phaseIndex(name string) int {
	for i, ph := range p.Phases {
		if ph.Name == name {
			return i
		}
	}
	return -1
}

// Phase returns the phase of that name.
func (p *Policy) Phase(name string) (*PhaseRules, bool) {
	if i := p.phaseIndex(name); i >= 0 {
		return p.Phases[i], true
	}
	return nil, false
}
