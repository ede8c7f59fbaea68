package compile

// Where some values are met far more often than others, it pays to cut them out
// before all else, even if a split would come later: with x cut out above a
// split, the calls of x's side save a step if x alone outweighs the other side.
// The dynamic program puts cut-outs last, so this comes on top of it: cut out
// the hottest value and search the rest, or not, whichever costs less; then the
// same on both sides of the first split.

// A value is hot if its weight is more than one in hotPart of all.
const hotPart = 8

// hot returns the index of the heaviest single value, if it is hot.
func hot(cells []cell) (int, bool) {
	best := 0
	for i, c := range cells {
		if c.single() && (!cells[best].single() || c.weight > cells[best].weight) {
			best = i
		}
	}
	return best, cells[best].single() && cells[best].weight > total(cells)/hotPart
}

// best returns the better of the dynamic program's tree and trees that cut out
// hot values first.
func (s *searcher) best(cells []cell, alias nodeID) tree {
	t := s.exact(cells, alias)
	x, ok := hot(cells)
	if !ok || len(cells) < 3 {
		return t
	}
	first := s.how[len(cells)-1]
	if c := s.without(cells, x, alias); c.cost < t.cost {
		t = c
	}
	if first.kind == bySplit {
		if c := s.apart(cells, int(first.at), alias); c.cost < t.cost {
			t = c
		}
	}
	return t
}

// without returns the tree that cuts out cell x first.
func (s *searcher) without(cells []cell, x int, alias nodeID) tree {
	rest := append(append(make([]cell, 0, len(cells)), cells[:x]...), cells[x+1:]...)
	r := s.halve(merge(rest), alias)
	return tree{s.g.test(opEqual, cells[x].low, cells[x].to, r.root), r.cost + one + total(cells)}
}

// apart returns the tree that splits at cell k first.
func (s *searcher) apart(cells []cell, k int, alias nodeID) tree {
	left, right := s.best(cells[:k], noNode), s.best(cells[k:], alias)
	return tree{s.g.test(opAtLeast, cells[k].low, right.root, left.root), left.cost + right.cost + one + total(cells)}
}
