package policy

import (
	"slices"
	"strings"
)

// set is a set of calls, of the file or shipped.
type set struct {
	decl    *SetDecl
	shipped bool
	state   setState
	calls   callMatches
}

// setState is how far a set's resolution has come.
type setState uint8

const (
	unresolved setState = iota
	resolving
	resolved
)

// declareSet notes a set of the file.
func (r *resolver) declareSet(d *SetDecl) {
	name := d.Name.Text
	if name == "" {
		return
	}
	if old, ok := r.sets[name]; ok {
		if old.decl.Pos != d.Pos {
			r.fail(d.Name.Pos, "a second set "+name, "expected each set once", "the first is at "+old.decl.Pos.String())
		}
		return
	}
	r.sets[name] = &set{decl: d}
	r.setOrder = append(r.setOrder, name)
	if isShipped(name) {
		r.warn(d.Name.Pos, "the set "+name+" hides the shipped set of this name", "", "choose another name")
	}
}

// findSet returns a set of the file, else a shipped one.
func (r *resolver) findSet(name string) (*set, bool) {
	if s, ok := r.sets[name]; ok {
		return s, true
	}
	decl, ok := shippedSet(name)
	if !ok {
		return nil, false
	}
	s := &set{decl: decl, shipped: true}
	r.sets[name] = s
	return s, true
}

// setCalls resolves the use of a set: what it holds without conditions is one
// match, named for the set, before those with conditions.
func (r *resolver) setCalls(e *CallExpr) callMatches {
	none := make(callMatches, len(r.arches))
	if e.Conds != nil { // the parser takes none; a File that was built may have some
		r.fail(e.Pos, "conditions on the set "+e.Name, "expected them on the calls that it holds", "")
		return none
	}
	s, ok := r.findSet(e.Name)
	if !ok {
		r.fail(e.Pos, "unknown set "+quote(e.Name), "expected a set of the file or a shipped one (`narrow sets` lists them)",
			r.suggest(e.Name, r.setNames))
		return none
	}
	switch s.state {
	case resolving:
		r.setCycle(e)
		return none
	case unresolved:
		r.resolveSet(s)
	}
	return s.calls
}

// resolveSet resolves what a set holds.
func (r *resolver) resolveSet(s *set) {
	s.state = resolving
	r.inSets = append(r.inSets, s.decl.Name.Text)
	parts := make([]callMatches, len(s.decl.Calls))
	for i, e := range s.decl.Calls {
		parts[i] = r.call(e, s.shipped)
	}
	s.calls = make(callMatches, len(r.arches))
	for i := range r.arches {
		s.calls[i] = mergePlain(s.decl.Name.Text, parts, i)
		if !r.spend(s.decl.Pos, len(s.calls[i])) {
			s.calls[i] = nil
		}
	}
	r.inSets = r.inSets[:len(r.inSets)-1]
	s.state = resolved
}

// mergePlain makes one match of all that have no conditions on an
// architecture, and leaves the others after it.
func mergePlain(name string, parts []callMatches, arch int) []callMatch {
	var plain []Range
	var rest []callMatch
	seen := map[*CallExpr]bool{} // sets that share sets would double what they hold
	for _, p := range parts {
		for _, m := range p[arch] {
			switch {
			case len(m.conds) == 0 && !m.unseen:
				plain = append(plain, m.numbers...)
			case !seen[m.expr]:
				seen[m.expr] = true
				rest = append(rest, m)
			}
		}
	}
	if len(plain) == 0 {
		return rest
	}
	return append([]callMatch{{numbers: union(plain), text: name}}, rest...)
}

// setCycle shows how a set comes to hold itself.
func (r *resolver) setCycle(e *CallExpr) {
	from := slices.Index(r.inSets, e.Name)
	cycle := strings.Join(append(slices.Clone(r.inSets[from:]), e.Name), " → ")
	r.fail(e.Pos, "the set "+e.Name+" holds itself: "+cycle, "expected sets without a cycle", "")
}

// setNames are the sets that a policy may use.
func (r *resolver) setNames() []string {
	names := slices.Clone(r.setOrder)
	for _, s := range ShippedSets() {
		names = append(names, s.Name)
	}
	return names
}
