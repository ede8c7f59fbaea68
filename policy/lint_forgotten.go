package policy

import "fmt"

// lintForgotten warns of phases in which no signal handler can return, or no
// thread can end the process, because no rule says anything of it.
func (r *resolver) lintForgotten() {
	for _, ph := range r.policy.Phases {
		if ph.Strict || ph.AllowsNothing() {
			continue // the one has its own end, the other is told by whoever reads the policy
		}
		r.lintReturn(ph)
		if l, all := r.forgottenByAll(ph, "exit_group"); all {
			r.warn(r.placeOf(l), fmt.Sprintf("%s forgets exit_group", r.phaseName(l)), "no thread could end the process in order", "write `allow exit_group`")
		}
	}
}

// lintReturn warns of the phase if threads without a block forget
// rt_sigreturn, else of each thread that does.
func (r *resolver) lintReturn(ph *PhaseRules) {
	unnamed := false
	for i := range r.made { // a phase's own list comes before its threads', on every architecture
		l := &r.made[i]
		if l.phase.rules != ph || unnamed || !r.forgets(l, "rt_sigreturn") {
			continue
		}
		unnamed = l.thread == nil
		r.warn(r.placeOf(l), fmt.Sprintf("%s forgets rt_sigreturn", r.nameOf(l)), "every signal handler ends in it", "write `allow rt_sigreturn`")
	}
}

// forgets reports whether a list denies a call for want of any rule.
func (r *resolver) forgets(l *madeList, name string) bool {
	m, ok := l.decides(r.arches[l.arch], name)
	return ok && m.Origin >= FromNewer && !m.Verdict.Kind.Runs()
}

// forgottenByAll reports whether every list of a phase forgets a call, and
// the phase's first list.
func (r *resolver) forgottenByAll(ph *PhaseRules, name string) (first *madeList, all bool) {
	for i := range r.made {
		l := &r.made[i]
		if l.phase.rules != ph {
			continue
		}
		if !r.forgets(l, name) {
			return nil, false
		}
		if first == nil {
			first = l
		}
	}
	return first, first != nil
}

// placeOf is where a list's rules stand: the thread, the phase or, without
// phases, the default line.
func (r *resolver) placeOf(l *madeList) Pos {
	switch {
	case l.thread != nil:
		return l.thread.Pos
	case len(r.head.phases) > 0:
		return l.phase.rules.Pos
	}
	return r.head.def.Pos
}

// nameOf names a list for people.
func (r *resolver) nameOf(l *madeList) string {
	if l.thread != nil {
		return fmt.Sprintf("thread %s of phase %s", l.thread.Name.Text, l.phase.rules.Name)
	}
	return r.phaseName(l)
}

func (r *resolver) phaseName(l *madeList) string {
	if len(r.head.phases) > 0 {
		return "phase " + l.phase.rules.Name
	}
	return "the policy"
}
