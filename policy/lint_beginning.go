package policy

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// lintBeginning warns of phases in which every thread but main forgets rseq,
// where threads may start in a phase before. One that has just begun may make
// its first calls only now; and glibc ends the process when it is refused what
// the first thread was granted (nptl/pthread_create.c:start_thread).
func (r *resolver) lintBeginning() {
	for i, arch := range r.arches {
		started := false
		for _, ph := range r.policy.Phases {
			lists := r.listsOf(ph, i)
			if started && r.forgetBeginning(lists) {
				r.warn(r.placeOf(lists[0]), r.phaseName(lists[0])+" forgets rseq",
					"a thread that the phase before has started may begin only now, and glibc ends the process if rseq is refused",
					"write `allow rseq set_robust_list rt_sigprocmask`")
			}
			for _, l := range lists {
				started = started || l.startsThreads(arch)
			}
		}
	}
}

// listsOf are a phase's lists of an architecture, its own first.
func (r *resolver) listsOf(ph *PhaseRules, arch int) []*madeList {
	var lists []*madeList
	for i := range r.made {
		if l := &r.made[i]; l.phase.rules == ph && l.arch == arch {
			lists = append(lists, l)
		}
	}
	return lists
}

// forgetBeginning reports whether all lists but main's forget rseq.
func (r *resolver) forgetBeginning(lists []*madeList) bool {
	for _, l := range lists {
		if !(l.thread != nil && l.thread.Name.Text == Main) && !r.forgets(l, "rseq") {
			return false
		}
	}
	return len(lists) > 0 && !lists[0].phase.rules.AllowsNothing()
}

// startsThreads reports whether a list lets pthread_create start a thread, and
// that make rseq.
func (l *madeList) startsThreads(a *abi.Arch) bool {
	call, ok := a.Call("clone")
	if !ok {
		return false
	}
	d := bpf.Data{Nr: call.Nr, Arch: a.Audit}
	for _, arg := range call.Args {
		if arg.Name == "clone_flags" {
			d.Args[arg.Reg] = threadFlags
		}
	}
	rseq, ok := l.decides(a, "rseq")
	return ok && rseq.Verdict.Kind.Runs() && l.lets(&d)
}

// lets reports whether a list lets a call run.
func (l *madeList) lets(d *bpf.Data) bool {
	for _, e := range l.entries {
		if e.Matches(d) {
			return e.Verdict.Kind.Runs()
		}
	}
	return false
}

// threadFlags are those of glibc's pthread_create: CLONE_VM, FS, FILES,
// SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID and CHILD_CLEARTID.
const threadFlags = 0x3d0f00
