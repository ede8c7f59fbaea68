package interop

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/policy"
)

// cProcess is what of the process block the header does.
type cProcess struct {
	Any, Close, WriteXorExecute, Limit bool
	Steps                              []string
}

// planProcess lists its steps. What cannot be done, cannot has refused.
func (h *cHeader) planProcess() {
	rules := &h.policy.Process
	c := &h.Process
	if rules.SetDescriptors {
		c.Close = true
		for _, gap := range gaps(rules.Descriptors) {
			c.Steps = append(c.Steps, fmt.Sprintf("close(%du, 0x%xu)", gap.Low, gap.High))
		}
	}
	if rules.WriteXorExecute {
		c.WriteXorExecute = true
		c.Steps = append(c.Steps, "write_xor_execute()")
	}
	for _, limit := range rules.Limits {
		c.Limit = true
		c.Steps = append(c.Steps, fmt.Sprintf("limit(narrow_POLICY_RLIMIT_%s, 0x%xu, 0x%xu)", limit.Name, limit.Value>>32, uint32(limit.Value)))
	}
	c.Any = len(c.Steps) > 0
}

// gaps are the descriptors that are closed: all but the kept ones.
func gaps(kept []policy.Range) []policy.Range {
	const last = 1<<32 - 1
	var list []policy.Range
	next := uint64(0)
	for _, r := range kept {
		if r.Low > next {
			list = append(list, policy.Range{Low: next, High: r.Low - 1})
		}
		next = r.High + 1
	}
	return append(list, policy.Range{Low: next, High: last})
}

// cannot is what of the policy a header cannot enforce.
func (h *cHeader) cannot() policy.ErrorList {
	var list policy.ErrorList
	refuse := func(pos policy.Pos, what, hint string) {
		list = append(list, &policy.Error{Pos: pos, What: what, Want: "expected what a program can do to itself from C", Hint: hint + ", or leave it out with --best-effort"})
	}
	rules := &h.policy.Process
	if rules.User != "" || rules.Group != "" {
		refuse(rules.Pos, "user and group are not changed by a C header", "change them in the program before the first phase")
	}
	if rules.SetCapabilities {
		refuse(rules.Pos, "capabilities are not dropped by a C header", "drop them in the program before the first phase")
	}
	for _, ph := range h.policy.Phases {
		if len(ph.Labels) > 0 {
			refuse(ph.Labels[0].Pos, "labels are not set by a C header", "start the program by `narrow run`")
		}
		for _, m := range supervised(ph) {
			refuse(m.Pos, fmt.Sprintf("%v needs a supervisor that answers, and a program that narrows itself has none", m.Verdict), "choose another verdict")
		}
	}
	return list
}

// supervised are the rules of a phase whose verdict somebody beside the program
// must answer; each once.
func supervised(ph *policy.PhaseRules) []*policy.RuleMatch {
	var list []*policy.RuleMatch
	seen := map[policy.Pos]bool{}
	all := []*policy.Rules{ph.Own}
	for _, c := range ph.Classes {
		all = append(all, c.Rules)
	}
	see := func(m *policy.RuleMatch) {
		if k := m.Verdict.Kind; (k == policy.Trace || k == policy.Notify) && !seen[m.Pos] {
			seen[m.Pos] = true
			list = append(list, m)
		}
	}
	for _, rules := range all {
		see(&policy.RuleMatch{Verdict: rules.Else, Pos: rules.ElseAt})
		for _, a := range rules.Arches {
			for _, l := range a.Lists {
				for _, m := range l {
					see(m)
				}
			}
		}
	}
	return list
}
