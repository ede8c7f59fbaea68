package scmp

// match is what is known about two trees while one is held against the other.
type match struct {
	now, once        bool // equal here, and somewhere above
	oldDone, newDone bool // the end of the tree is reached
	oldMore, newMore bool // the tree has levels that the other has not
}

// add unites what is known.
func (m *match) add(n match) {
	m.now, m.once = m.now || n.now, m.once || n.once
	m.oldDone, m.newDone = m.oldDone || n.oldDone, m.newDone || n.newDone
	m.oldMore, m.newMore = m.oldMore || n.oldMore, m.newMore || n.newMore
}

// redundant reports that the new tree is longer than one that is there.
func (m match) redundant() bool { return m.now && m.oldDone && m.newMore }

// pruner removes from a tree what a new rule makes superfluous.
type pruner struct {
	root    *node // nil once nothing is left
	action  Action
	removed int
}

// prune holds the level of x against the node n of the new tree, and says in m
// whether they matched.
func (p *pruner) prune(x, n *node, m *match) {
	found := *m
	if x != nil && n != nil && !(m.once && !m.now) {
		p.level(x.first(), n, m, &found)
	}
	if found.now {
		m.add(found)
	} else {
		m.now = false
	}
}

// level goes along the level until something is decided.
func (p *pruner) level(x, n *node, m, found *match) {
	for x != nil {
		next := x.next
		var over bool
		switch {
		case x.same(n):
			over = p.equal(x, n, m, found)
		case x.below(n):
			over = m.newMore || p.below(x, &x.yes, n, m, found) || p.below(x, &x.no, n, m, found)
		default:
			over = m.oldMore || p.above(x, n.yes.to, m, found) || p.above(x, n.no.to, m, found)
		}
		if over {
			return
		}
		x = next
	}
	found.now = false // nothing on this level matched
}

// equal handles two nodes that make the same comparison.
func (p *pruner) equal(x, n *node, m, found *match) (over bool) {
	found.now, found.once = true, true
	found.newDone = found.newDone || n.leaf()
	found.oldDone = found.oldDone || x.leaf()
	if x.yes.leads() && !n.yes.leads() || x.no.leads() && !n.no.leads() {
		return true
	}
	if found.newDone && found.oldDone && (!x.yes.alike(&n.yes) || !x.no.alike(&n.no)) {
		return true
	}
	for _, pair := range [][2]*edge{{&x.yes, &n.yes}, {&x.no, &n.no}} {
		if pair[1].to == nil {
			continue
		}
		deeper := *m
		deeper.now, deeper.once = true, true
		p.prune(pair[0].to, pair[1].to, &deeper)
		if deeper.now {
			found.add(deeper)
		}
		if !p.holds(x) {
			return false
		}
	}
	if !x.only(p.action) || !found.now {
		return false
	}
	if found.newDone && found.oldMore { // the new tree is shorter
		p.remove(x)
		return p.root == nil
	}
	return found.oldDone && found.newMore // the new tree is longer
}

// alike reports whether two edges at the end of their trees act alike.
func (e *edge) alike(f *edge) bool { return e.acts == f.acts && e.action == f.action }

// below looks for n among what follows x.
func (p *pruner) below(x *node, e *edge, n *node, m, found *match) (over bool) {
	if e.to == nil || !p.holds(x) {
		return false
	}
	deeper := *m
	deeper.now, deeper.oldMore = false, true
	p.prune(e.to, n, &deeper)
	if deeper.now {
		found.add(deeper)
	}
	return deeper.now
}

// above looks for what follows n on the level of x.
func (p *pruner) above(x, n *node, m, found *match) (over bool) {
	if n == nil || !p.holds(x) {
		return false
	}
	deeper := *m
	deeper.now, deeper.newMore = false, true
	p.prune(x, n, &deeper)
	if deeper.now {
		found.add(deeper)
	}
	return deeper.now
}

// holds reports whether x is still in the tree.
func (p *pruner) holds(x *node) bool {
	if p.removed == 0 {
		return true
	}
	seen := map[*node]bool{}
	p.root.count(seen)
	return seen[x]
}

// remove takes a node, and nodes that are left without meaning, out of the tree.
func (p *pruner) remove(target *node) {
	var found bool
	p.root, found = without(p.root, target)
	if found {
		p.removed++
	}
}

// without removes target, or the first dead node that is met, from the level
// and what is below it.
func without(level, target *node) (rest *node, found bool) {
	if level == nil {
		return nil, false
	}
	for x := level.first(); x != nil; x = x.next {
		if x == target {
			return unlink(level, x), true
		}
		var yes, no bool
		x.yes.to, yes = without(x.yes.to, target)
		x.no.to, no = without(x.no.to, target)
		if x.dead() {
			return unlink(level, x), true
		}
		if yes || no {
			return level, true
		}
	}
	return level, false
}

// unlink takes x off its level and returns a node of what is left.
func unlink(level, x *node) *node {
	if level == x {
		if level = x.prev; level == nil {
			level = x.next
		}
	}
	if x.prev != nil {
		x.prev.next = x.next
	}
	if x.next != nil {
		x.next.prev = x.prev
	}
	x.prev, x.next = nil, nil
	return level
}
