package verify

import "github.com/narrow-sandbox/narrow/bpf"

// combine applies an operation on values to the answers of two filters, call
// by call.
func (d *diagram) combine(op operation, f, g node) node {
	v, constant := d.isLeaf(f)
	w, both := d.isLeaf(g)
	switch {
	case d.stopped != "":
		return no
	case constant && both:
		return d.onValues(op, v, w)
	}
	d.tick()
	m := d.slot(op, f, g, 0)
	if m.op == op && m.f == f && m.g == g {
		return m.result
	}
	level := d.top(f, g)
	f0, f1 := d.below(f, level)
	g0, g1 := d.below(g, level)
	r := d.make(level, d.combine(op, f0, g0), d.combine(op, f1, g1))
	d.remember(memo{op, f, g, 0, r})
	return r
}

// onValues is the operation on two values: another value, or yes or no.
func (d *diagram) onValues(op operation, v, w bpf.Action) node {
	switch op {
	case opStrictest: // ties to the first, in the kernel the newest filter
		if w.Stricter(v) {
			return d.leaf(w)
		}
		return d.leaf(v)
	case opMildest: // ties to the first
		if v.Stricter(w) {
			return d.leaf(w)
		}
		return d.leaf(v)
	}
	return truth(relates(op, v, w))
}

// relates tells whether two values stand in a relation.
func relates(op operation, v, w bpf.Action) bool {
	switch op {
	case opWidens: // v runs what w stops
		return runs(v) && !runs(w)
	case opSoftens: // both stop or both run, v less strictly
		return runs(v) == runs(w) && w.Stricter(v)
	case opDiffer:
		return v != w
	}
	return v == w
}

func truth(b bool) node {
	if b {
		return yes
	}
	return no
}

// leaves lists the values of f, ascending by node and so deterministic.
func (d *diagram) leaves(f node) []bpf.Action {
	if v, ok := d.isLeaf(f); ok {
		return []bpf.Action{v}
	}
	var values []bpf.Action
	seen := map[node]bool{}
	var visit func(node)
	visit = func(f node) {
		if seen[f] {
			return
		}
		seen[f] = true
		if v, ok := d.isLeaf(f); ok {
			values = append(values, v)
			return
		}
		visit(d.nodes[f].low)
		visit(d.nodes[f].high)
	}
	visit(f)
	return values
}
