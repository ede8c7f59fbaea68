package scmp

// Chains are libseccomp's form of the rules of one call: a tree in which each
// node compares one word of an argument. How rules with different actions
// overlap, and which of them are refused, follows from how the tree is built,
// so that it is built here as there (libseccomp, src/db.c); the programs are
// made otherwise, by the compiler of this module.

// node is a comparison of 32 bits. Where it does not say what to do, its right
// sibling is next, and behind the last one that of the node above.
type node struct {
	arg  uint8
	high bool // the high word of a 64-bit argument

	op   CompareOp // EQ, GT, GE or MaskedEQ
	orig CompareOp // of the rule

	mask, datum uint32
	full        uint64 // the rule's datum

	yes, no    edge
	prev, next *node // siblings, which are in descending order
}

// edge is what follows where a comparison holds, or where it does not.
type edge struct {
	to     *node // one node of the next level
	acts   bool
	action Action
}

// leads reports whether the edge has anything to say.
func (e *edge) leads() bool { return e.acts || e.to != nil }

// first is the leftmost of n's siblings.
func (n *node) first() *node {
	for n.prev != nil {
		n = n.prev
	}
	return n
}

// place orders nodes by the word that they compare.
func (n *node) place() int {
	p := int(n.arg) << 1
	if n.high {
		p++
	}
	return p
}

// rank orders comparisons of the same word.
func (op CompareOp) rank() int {
	switch op {
	case EQ, NE, MaskedEQ:
		return 3
	case LE, LT:
		return 2
	}
	return 1
}

// below reports whether n comes behind m on a level.
func (n *node) below(m *node) bool {
	if n.place() != m.place() {
		return n.place() < m.place()
	}
	if n.orig.rank() != m.orig.rank() {
		return n.orig.rank() < m.orig.rank()
	}
	if n.orig == LE || n.orig == LT { // smaller values first
		return n.datum > m.datum
	}
	return n.datum < m.datum
}

// same reports whether n and m make the same comparison.
func (n *node) same(m *node) bool {
	return n.place() == m.place() && n.op == m.op && n.datum == m.datum && n.mask == m.mask
}

// leaf reports whether there is nothing below n.
func (n *node) leaf() bool { return n.yes.to == nil && n.no.to == nil }

// dead reports whether n is a leaf that decides nothing.
func (n *node) dead() bool { return n.leaf() && !n.yes.acts && !n.no.acts }

// only reports whether all actions of the level and below are the given one.
func (n *node) only(action Action) bool {
	if n == nil {
		return true
	}
	for n = n.first(); n != nil; n = n.next {
		for _, e := range []*edge{&n.yes, &n.no} {
			if e.acts && e.action != action || !e.to.only(action) {
				return false
			}
		}
	}
	return true
}

// count adds the nodes of the level and below to seen.
func (n *node) count(seen map[*node]bool) {
	if n == nil {
		return
	}
	for n = n.first(); n != nil; n = n.next {
		if seen[n] {
			continue
		}
		seen[n] = true
		n.yes.to.count(seen)
		n.no.to.count(seen)
	}
}

// clone copies the tree; nodes that are shared stay shared.
func (n *node) clone(copies map[*node]*node) *node {
	if n == nil {
		return nil
	}
	if c := copies[n]; c != nil {
		return c
	}
	c := new(node)
	copies[n] = c
	*c = *n
	c.prev, c.next = n.prev.clone(copies), n.next.clone(copies)
	c.yes.to, c.no.to = n.yes.to.clone(copies), n.no.to.clone(copies)
	return c
}
