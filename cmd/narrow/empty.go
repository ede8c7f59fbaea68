package main

import "github.com/narrow-sandbox/narrow/policy"

// warnEmpty warns of a policy that allows nothing: for what looks at a policy
// that is worth a word, for what installs one it is an error.
func (s *streams) warnEmpty(p *policy.Policy) {
	for _, e := range emptyPhases(p) {
		s.printPlaced("warning", e)
	}
}

// emptyPhases tells of the phases in which some thread may make no call at all.
func emptyPhases(p *policy.Policy) policy.ErrorList {
	var list policy.ErrorList
	for _, ph := range p.Phases {
		if ph.AllowsNothing() {
			list = append(list, &policy.Error{
				Pos:  ph.Pos,
				What: "phase " + ph.Name + " allows nothing: no program could even exit",
				Want: "expected rules that let it run",
				Hint: "begin with `allow @startup`",
			})
		}
	}
	return list
}
