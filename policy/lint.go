package policy

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// lint adds warnings of what a policy may say and hardly means. It looks at
// policies without errors only.
func (r *resolver) lint() {
	if len(r.errs) > 0 || len(r.unparsed) > 0 {
		return
	}
	r.lintThreads()
	r.lintShadowed()
	r.lintForgotten()
	r.lintBeginning()
	r.lintClone3()
	r.lintListener()
	r.lintVerdicts()
	r.policy.Warnings.Sort()
}

// warn notes a warning, once for all lists that it is about.
func (r *resolver) warn(pos Pos, what, want, hint string) {
	c := complaint{pos, what}
	if r.told[c] {
		return
	}
	r.told[c] = true
	r.policy.Warnings = append(r.policy.Warnings, &Error{Pos: pos, What: what, Want: want, Hint: hint})
}

// decides finds the rule of a list that decides a call with all arguments 0.
func (l *madeList) decides(a *abi.Arch, name string) (*RuleMatch, bool) {
	call, ok := a.Call(name)
	if !ok {
		return nil, false
	}
	d := bpf.Data{Nr: call.Nr, Arch: a.Audit}
	for _, e := range l.entries {
		if e.Matches(&d) {
			return e.RuleMatch, true
		}
	}
	return nil, false
}

// lintVerdicts warns of errno 0, upon which a program believes that the call
// was made, and of a denial of what is let through all the same.
func (r *resolver) lintVerdicts() {
	for _, l := range r.made {
		for _, e := range l.entries {
			if e.Verdict == (Verdict{Kind: Errno}) && e.Origin != FromBlock {
				r.warn(e.Pos, "errno 0 for "+e.Text+" makes the call pretend to succeed", "expected an error such as EPERM", "")
			}
			if e.use != nil && !e.Verdict.Kind.Runs() && r.names(e.use.expr, "restart_syscall", nil) {
				r.warn(e.Pos, "restart_syscall is let through all the same", "the kernel makes interrupted calls go on by it", "remove it here")
			}
		}
	}
}

// lintClone3 warns where clone3 weakens what is said of clone, or where its
// denial would not make libc go on with clone.
func (r *resolver) lintClone3() {
	for i := range r.made {
		l := &r.made[i]
		m, ok := l.decides(r.arches[l.arch], "clone3")
		if !ok {
			continue
		}
		some, every := l.runs(r.arches[l.arch], "clone")
		switch {
		case m.Verdict.Kind.Runs() && m.Text != "*" && !every:
			r.warn(m.Pos, m.Verdict.String()+" clone3 lets it start whatever it likes: its flags lie behind a pointer", "expected an answer upon which libc uses clone", "write `errno ENOSYS clone3` before it")
		case some && !m.Verdict.Kind.Runs() && !isENOSYS(r.arches[l.arch], m.Verdict):
			r.warn(m.Pos, fmt.Sprintf("clone3 gets %v here, and clone is let through: libc tries clone3 first", m.Verdict), "expected errno ENOSYS, upon which it uses clone", "write `errno ENOSYS clone3`")
		}
	}
}

func isENOSYS(a *abi.Arch, v Verdict) bool {
	enosys, _ := a.Constant("ENOSYS")
	return v.Kind == Errno && int64(v.Data) == enosys
}

// runs tells whether a list lets some, and whether it lets every call of a name run.
func (l *madeList) runs(a *abi.Arch, name string) (some, every bool) {
	call, ok := a.Call(name)
	if !ok {
		return false, true
	}
	for _, e := range l.entries {
		if !contains(e.Numbers, uint64(call.Nr)) {
			continue
		}
		some = some || e.Verdict.Kind.Runs()
		if len(e.Conds) == 0 {
			return some, e.Verdict.Kind.Runs()
		}
	}
	return some, false
}

// listenerCalls are what a supervisor must make to receive and answer, and
// what hands the listener over to it.
var listenerCalls = [...]string{"ioctl", "sendmsg", "write", "close"}

// lintListener warns of notify for calls that its own listener makes: where
// both are filtered, each waits for the other (opencontainers/runc#4328).
func (r *resolver) lintListener() {
	for i := range r.made {
		l := &r.made[i]
		for _, name := range listenerCalls {
			m, ok := l.decides(r.arches[l.arch], name)
			if ok && m.Verdict.Kind == Notify {
				r.warn(m.Pos, "notify catches "+name+", which whoever passes on or serves its listener makes",
					"expected calls that the supervisor does not need", "let it through, or keep the supervisor outside of this filter")
			}
		}
	}
}
