package scmp

// chain makes the tree of one rule; nil if nothing is compared.
func (a *arch) chain(r *rule) *node {
	var root *node
	open := []*edge(nil) // where the next comparison goes
	for i := range r.args {
		arg := &r.args[i]
		if !arg.used || arg.always(a.wide()) {
			continue
		}
		head, accepts := arg.words(a.wide(), uint8(i))
		for _, e := range open {
			e.to = head
		}
		if root == nil {
			root = head
		}
		open = accepts
	}
	for _, e := range open {
		e.acts, e.action = true, r.action
	}
	return root
}

// always reports whether the comparison masks all that it could look at.
func (c *comparison) always(wide bool) bool {
	return c.op == MaskedEQ && (c.mask == 0 || !wide && uint32(c.mask) == 0)
}

// words makes the nodes of one comparison, and lists the edges on which it holds.
func (c *comparison) words(wide bool, arg uint8) (head *node, accepts []*edge) {
	switch {
	case !wide:
		return c.oneWord(arg)
	case c.op == EQ || c.op == NE || c.op == MaskedEQ:
		return c.equalWords(arg)
	}
	return c.orderedWords(arg)
}

// word makes a node for one half of the comparison.
func (c *comparison) word(arg uint8, high bool, op CompareOp) *node {
	n := &node{arg: arg, high: high, op: op, orig: c.op, mask: uint32(c.mask), datum: uint32(c.datum), full: c.datum}
	if high {
		n.mask, n.datum = uint32(c.mask>>32), uint32(c.datum>>32)
	}
	n.datum &= n.mask
	return n
}

// oneWord compares the low word alone.
func (c *comparison) oneWord(arg uint8) (*node, []*edge) {
	op, negated := c.op.base()
	n := c.word(arg, false, op)
	if negated {
		return n, []*edge{&n.no}
	}
	return n, []*edge{&n.yes}
}

// base is the comparison that the machine has, and whether it is to be negated.
func (op CompareOp) base() (base CompareOp, negated bool) {
	switch op {
	case NE:
		return EQ, true
	case LT:
		return GE, true
	case LE:
		return GT, true
	}
	return op, false
}

// equalWords compares for equality: the high words, then the low ones.
func (c *comparison) equalWords(arg uint8) (*node, []*edge) {
	op, negated := c.op.base()
	high, low := c.word(arg, true, op), c.word(arg, false, op)
	high.yes.to = low
	if negated {
		return high, []*edge{&high.no, &low.no}
	}
	return high, []*edge{&low.yes}
}

// orderedWords compares for order: greater by the high words, or these are equal
// and the low ones decide.
func (c *comparison) orderedWords(arg uint8) (*node, []*edge) {
	op, negated := c.op.base()
	greater, equal, low := c.word(arg, true, GT), c.word(arg, true, EQ), c.word(arg, false, op)
	greater.no.to, equal.yes.to = equal, low
	if negated {
		return greater, []*edge{&equal.no, &low.no}
	}
	return greater, []*edge{&greater.yes, &low.yes}
}
