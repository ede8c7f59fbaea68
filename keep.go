package narrow

import (
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// keptCalls are the calls that the phase's process-wide filter must let through
// so that the later phases, and the thread classes from this phase on, can be
// entered. Rulesets of all phases are made when the first one is entered, so
// that no later step opens a path.
func keptCalls(phases []*policy.PhaseRules, i int) []string {
	var kept []string
	for _, later := range phases[i+1:] {
		if !later.Unfiltered() {
			kept = append(kept, "seccomp(op == SECCOMP_SET_MODE_FILTER, flags == SECCOMP_FILTER_FLAG_TSYNC)")
		}
		if len(later.Files)+len(later.Network) > 0 {
			kept = append(kept, allThreadsCalls...)
		}
	}
	for _, ph := range phases[i:] {
		if len(ph.Classes) > 0 {
			kept = append(kept, "seccomp(op == SECCOMP_SET_MODE_FILTER, flags == 0)")
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// keep returns the rules with the calls let through before all else. rules is
// not changed.
func keep(arches []*abi.Arch, rules *policy.Rules, calls []string) (*policy.Rules, error) {
	if len(calls) == 0 {
		return rules, nil
	}
	first := make([]policy.List, len(arches))
	for _, text := range calls {
		expr, err := policy.ParseCall(text)
		if err != nil {
			return nil, err
		}
		pattern, err := policy.ResolvePattern(arches, expr)
		if err != nil {
			return nil, err
		}
		for i, a := range arches {
			first[i] = append(first[i], keptOn(a, pattern)...)
		}
	}
	with := &policy.Rules{Else: rules.Else, ElseAt: rules.ElseAt}
	for _, a := range rules.Arches {
		at := slices.Index(arches, a.Arch)
		joined := &policy.ArchRules{Arch: a.Arch}
		for _, list := range a.Lists {
			joined.Lists = append(joined.Lists, append(slices.Clone(first[at]), list...))
		}
		with.Arches = append(with.Arches, joined)
	}
	return with, nil
}

// keptOn is the pattern's rules on one architecture.
func keptOn(a *abi.Arch, p *policy.Pattern) policy.List {
	var list policy.List
	for _, on := range p.Arches {
		if on.Arch != a {
			continue
		}
		for _, m := range on.Match {
			list = append(list, &policy.RuleMatch{
				Verdict: policy.Verdict{Kind: policy.Allow},
				Numbers: m.Numbers,
				Conds:   m.Conds,
				Pos:     policy.Pos{File: "narrow"},
				Text:    p.Text,
				Origin:  policy.FromKernel,
			})
		}
	}
	return list
}
