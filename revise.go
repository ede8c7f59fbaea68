package narrow

import (
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

// Trapping makes a Sandbox of the same policy that tells where a program is
// killed: every verdict that kills is `trap` instead, upon which Go's runtime
// prints the call's stack and ends the program. It is for finding a mistake, not
// for production: the calls by which the runtime prints are let through.
// Package narrowtest uses it to say what was denied.
func (s *Sandbox) Trapping() (*Sandbox, error) {
	return (&builder{policy: s.policy, needs: s.needs, proofs: proved.Afresh(), trap: true}).build()
}

// lastWords are the calls by which Go's runtime says why it ends.
var lastWords = [...]string{"write(fd == 2)", "rt_sigprocmask", "rt_sigaction", "rt_sigreturn", "getpid", "gettid", "tgkill", "exit_group", "futex"}

// revise gives rules the verdicts that the needs ask for.
func (b *builder) revise(rules *policy.Rules) (*policy.Rules, error) {
	switch {
	case b.needs.Seccomp == AuditOnly:
		return revised(rules, logged), nil
	case b.trap:
		return b.policy.Keep(revised(rules, trapped), lastWords[:]...)
	}
	return rules, nil
}

// logged denies nothing: what would be denied is logged.
func logged(v policy.Verdict) policy.Verdict {
	if v.Kind.Runs() {
		return v
	}
	return policy.Verdict{Kind: policy.Log}
}

// trapped kills nobody.
func trapped(v policy.Verdict) policy.Verdict {
	if v.Kind == policy.KillProcess || v.Kind == policy.KillThread {
		return policy.Verdict{Kind: policy.Trap}
	}
	return v
}

// revised is rules with other verdicts.
func revised(r *policy.Rules, revise func(policy.Verdict) policy.Verdict) *policy.Rules {
	other := &policy.Rules{Else: revise(r.Else), ElseAt: r.ElseAt}
	for _, a := range r.Arches {
		lists := make([]policy.List, len(a.Lists))
		for i, list := range a.Lists {
			for _, m := range list {
				c := *m
				c.Verdict = revise(m.Verdict)
				lists[i] = append(lists[i], &c)
			}
		}
		other.Arches = append(other.Arches, &policy.ArchRules{Arch: a.Arch, Lists: lists})
	}
	return other
}
