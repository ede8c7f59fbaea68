package verify

// operation tells the entries of the cache apart.
type operation uint8

const (
	free operation = iota // an unused entry
	opChoose
	opStrictest
	opMildest
	opDiffer
	opWidens
	opSoftens
	opIs
)

// choose is the function that is g on the set f and h elsewhere. All set
// algebra is this one operation.
func (d *diagram) choose(f, g, h node) node {
	switch {
	case f == yes || g == h:
		return g
	case f == no:
		return h
	case d.stopped != "":
		return no
	case g == f:
		g = yes
	case h == f:
		h = no
	}
	switch {
	case g == h:
		return g
	case g == yes && h == no:
		return f
	case h == no && f > g, g == yes && f > h: // and, or: one order for both
		f, g, h = swap(f, g, h)
	}
	d.tick()
	if v := d.nodes[f]; v.low == no && v.high == yes && v.level < d.top(g, h) {
		return d.make(v.level, h, g) // a bit above both: quicker than the cache
	}
	m := d.slot(opChoose, f, g, h)
	if m.op == opChoose && m.f == f && m.g == g && m.h == h {
		return m.result
	}
	level := min(d.nodes[f].level, d.top(g, h))
	f0, f1 := d.below(f, level)
	g0, g1 := d.below(g, level)
	h0, h1 := d.below(h, level)
	r := d.make(level, d.choose(f0, g0, h0), d.choose(f1, g1, h1))
	d.remember(memo{opChoose, f, g, h, r})
	return r
}

// swap exchanges the operands of `f and g` (h is no) or `f or h` (g is yes).
func swap(f, g, h node) (node, node, node) {
	if h == no {
		return g, f, h
	}
	return h, g, f
}

func (d *diagram) and(f, g node) node   { return d.choose(f, g, no) }
func (d *diagram) or(f, g node) node    { return d.choose(f, yes, g) }
func (d *diagram) minus(f, g node) node { return d.choose(g, no, f) }
func (d *diagram) not(f node) node      { return d.choose(f, no, yes) }
func (d *diagram) xor(f, g node) node   { return d.choose(f, d.not(g), g) }
