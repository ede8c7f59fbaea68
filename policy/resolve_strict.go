package policy

// strictPhase makes a phase the kernel's mode 1, which needs that no filter
// was installed before it. Source: kernel/seccomp.c:seccomp_may_assign_mode.
func (r *resolver) strictPhase(ph *phase) {
	ph.rules.Strict, ph.rules.Own = true, r.modeOne(ph.strict)
	for _, t := range ph.threads {
		r.fail(t.stmt.Pos, "a thread in a strict phase", "expected strict alone: it holds for every thread", "")
	}
	r.checkStrict(ph, ph.strict.Pos)
}

// checkStrictThreads looks at the thread blocks that are strict: the phase's
// process-wide filter comes before them, so it must be none.
func (r *resolver) checkStrictThreads(ph *phase) {
	for _, c := range ph.rules.Classes {
		if !c.Strict {
			continue
		}
		r.checkStrict(ph, c.Pos)
		if !ph.rules.Own.unfiltered() {
			r.noStrict(c.Pos, "the phase's own rules are a filter that is installed before it")
		}
	}
}

// checkStrict complains of a filter in an earlier phase, or of what a files or
// network block implies.
func (r *resolver) checkStrict(ph *phase, pos Pos) {
	for _, before := range r.policy.Phases {
		if before == ph.rules {
			break
		}
		if before.Own == nil || before.Strict || !before.Unfiltered() {
			r.noStrict(pos, "phase "+before.Name+" installs one")
			return
		}
	}
	if len(ph.files)+len(ph.network) > 0 {
		r.noStrict(pos, "the files and network blocks imply one")
	}
}

func (r *resolver) noStrict(pos Pos, why string) {
	r.fail(pos, "strict where a filter stands before it: "+why, "expected none, as mode 1 is refused after any filter (EINVAL)", "write `allow @strict` in place of strict")
}
