package narrow

import "github.com/narrow-sandbox/narrow/policy"

// wideRules are the rules of a phase's process-wide filter, and the calls that
// it lets through although no rule of the phase may say so. Those of the policy
// (policy.Kept) are for phases as it has them; from inside, threads enter their
// classes by themselves, and Enter also enters phases that have a trigger.
func wideRules(p *policy.Policy, i int) (*policy.Rules, []string, error) {
	ph := p.Phases[i]
	var kept, more []string
	for _, k := range ph.Kept {
		kept = append(kept, k.Call)
	}
	if len(ph.Classes) > 0 {
		more = append(more, policy.EnterThread)
	}
	if domainsByTrigger(p.Phases[i+1:]) {
		more = append(more, policy.AllThreadsCalls()...)
	}
	rules, err := p.Keep(ph.Wide(), more...)
	return rules, unique(append(kept, more...)), err
}

// domainsByTrigger reports whether a phase that begins by a trigger has domains.
func domainsByTrigger(phases []*policy.PhaseRules) bool {
	for _, ph := range phases {
		if ph.Trigger != nil && len(ph.Files)+len(ph.Network) > 0 {
			return true
		}
	}
	return false
}

// unique leaves the first of equal calls.
func unique(calls []string) []string {
	var once []string
	seen := map[string]bool{}
	for _, c := range calls {
		if !seen[c] {
			once = append(once, c)
		}
		seen[c] = true
	}
	return once
}
