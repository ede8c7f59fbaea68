package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/policy"
)

// spoilt notes each rule that by itself keeps a call out of the kernel's
// bitmap: the call would be allowed outright, but for the one rule that looks
// at an argument, so that the filter runs for all of its calls.
func spoilt(rules *policy.Rules) []string {
	var notes []string
	for _, a := range rules.Arches {
		for _, list := range a.Lists {
			for _, r := range spoilers(list) {
				name, _, _ := strings.Cut(r.Text, "(")
				note := fmt.Sprintf("%s: note: %s %s alone keeps every %s out of the kernel's bitmap: the filter runs for each of them",
					r.Pos, r.Verdict, r.Text, name)
				if !slices.Contains(notes, note) {
					notes = append(notes, note)
				}
			}
		}
	}
	return notes
}

// spoilers are the rules written in the text that deny some calls of a number
// by an argument, where one rule after it allows all of them and no other
// looks at an argument.
func spoilers(list policy.List) policy.List {
	var found policy.List
	for i, r := range list {
		if len(r.Conds) == 0 || len(r.Numbers) != 1 || r.Numbers[0].Low != r.Numbers[0].High || r.Verdict.Kind == policy.Allow {
			continue
		}
		if !written(r) {
			continue // narrow's own are needed
		}
		if nr := r.Numbers[0].Low; !anyFor(list[:i], nr) && allowsOutright(list[i+1:], nr) {
			found = append(found, r)
		}
	}
	return found
}

func anyFor(list policy.List, nr uint64) bool {
	return slices.ContainsFunc(list, func(r *policy.RuleMatch) bool { return matches(r, nr) })
}

// allowsOutright reports whether the first rule for a number allows it
// whatever the arguments.
func allowsOutright(list policy.List, nr uint64) bool {
	at := slices.IndexFunc(list, func(r *policy.RuleMatch) bool { return matches(r, nr) })
	return at >= 0 && len(list[at].Conds) == 0 && list[at].Verdict.Kind == policy.Allow
}

func matches(r *policy.RuleMatch, nr uint64) bool {
	return slices.ContainsFunc(r.Numbers, func(n policy.Range) bool { return n.Low <= nr && nr <= n.High })
}
