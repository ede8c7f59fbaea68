package main

import (
	"github.com/narrow-sandbox/narrow/policy"
)

// threadView is a thread that has come to a phase: its class there, by one of
// the ways that lead there.
type threadView struct {
	name    string          // of the class; "" where no block of the phase names the thread; or the name that was asked for
	such    string          // a thread of it, where there are several ways
	rules   []*policy.Rules // of each phase, the oldest first
	filters []*policy.Rules // those of them that are filters
}

// title is what a thread is called behind a phase; empty for those that no
// block names.
func (t *threadView) title() string {
	if t.such == "" {
		return t.name
	}
	return cmpOr(t.name, "*") + " such as " + t.such
}

// threadViews lists the threads of a phase, by its place: each class, the
// unnamed one first, by each way that leads there; or only a thread of some
// name, or a class by its own text.
func threadViews(p *policy.Policy, phase int, only string) []threadView {
	ph := p.Phases[phase]
	if only != "" && !isClass(ph, only) {
		return []threadView{viewOf(p, pathOf(p, phase, only), only)}
	}
	byClass := map[*policy.Class][]threadView{}
	for _, path := range p.ThreadPathsTo(phase) {
		c := path.Classes[phase]
		name := ""
		if c != nil {
			name = c.Name
		}
		byClass[c] = append(byClass[c], viewOf(p, path, name))
	}
	var views []threadView
	for _, c := range append([]*policy.Class{nil}, ph.Classes...) {
		if only != "" && (c == nil || c.Name != only) {
			continue
		}
		views = append(views, told(byClass[c])...)
	}
	return views
}

// told names the threads that need it to be told apart: of another way than
// the first.
func told(views []threadView) []threadView {
	for i := range views {
		if i == 0 || views[i].such == views[i].name {
			views[i].such = ""
		}
	}
	return views
}

func viewOf(p *policy.Policy, path policy.ThreadPath, name string) threadView {
	v := threadView{name: name, such: path.Name, filters: p.Filters(path)}
	for i, c := range path.Classes {
		v.rules = append(v.rules, p.Phases[i].RulesOf(c))
	}
	return v
}

// pathOf is the way of a thread of this name.
func pathOf(p *policy.Policy, phase int, name string) policy.ThreadPath {
	path := policy.ThreadPath{Name: name}
	for _, ph := range p.Phases[:phase+1] {
		path.Classes = append(path.Classes, ph.Class(name))
	}
	return path
}

func isClass(ph *policy.PhaseRules, text string) bool {
	for _, c := range ph.Classes {
		if c.Name == text {
			return true
		}
	}
	return false
}
