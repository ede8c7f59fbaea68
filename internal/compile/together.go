package compile

// Architectures whose tables are much alike (aarch64, riscv64 and loongarch64
// have the same numbers for most calls) share one search, and ask for the arch a
// second time only where they differ.

// group is tables that are searched together.
type group struct {
	tables []*table
	cells  []cell // of all
	tree   tree
}

// groups puts each table into the group where it costs least.
func (c *compiler) groups(tables []*table) []entry {
	var groups []*group
	for _, t := range tables {
		own := c.group([]*table{t}, t.cells)
		if best, at := c.cheapest(groups, t, own.tree.cost); best != nil {
			groups[at] = best
			continue
		}
		groups = append(groups, own)
	}
	entries := make([]entry, len(groups))
	for i, g := range groups {
		for _, t := range g.tables {
			entries[i].audits = append(entries[i].audits, t.arch.Audit)
		}
		entries[i].code = c.g.load(offsetNumber, g.tree.root)
	}
	return entries
}

// cheapest returns the group that is cheapest with t in it and its index, nil if
// t had better stay alone.
func (c *compiler) cheapest(groups []*group, t *table, alone int64) (*group, int) {
	var best *group
	at, most := 0, alone
	for i, g := range groups {
		if !alike(g.cells, t.cells) {
			continue
		}
		tables := append(g.tables[:len(g.tables):len(g.tables)], t)
		cells, asking := c.overlay(g, t, tables)
		joined := c.group(tables, cells)
		if more := joined.tree.cost + asking - g.tree.cost; more < most {
			joined.tree.cost += asking
			best, at, most = joined, i, more
		}
	}
	return best, at
}

// group searches cells, which stay as they are.
func (c *compiler) group(tables []*table, cells []cell) *group {
	return &group{tables, cells, c.search(append([]cell(nil), cells...), maxWord)}
}

// alike reports whether most boundaries of two tables are the same, so that it
// pays to try them together.
func alike(a, b []cell) bool {
	same := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].low == b[j].low:
			same++
			i++
			j++
		case a[i].low < b[j].low:
			i++
		default:
			j++
		}
	}
	return 2*same > min(len(a), len(b))
}

// overlay returns the cells of a group with one more table, and what it costs to
// ask for the arch where they differ.
func (c *compiler) overlay(g *group, t *table, tables []*table) (cells []cell, asking int64) {
	counted := map[nodeID]bool{}
	for i, j, low := 0, 0, uint32(0); i < len(g.cells) && j < len(t.cells); {
		a, b := g.cells[i], t.cells[j]
		both := cell{low: low, high: min(a.high, b.high), to: a.to,
			weight: part(a, low, b.high) + part(b, low, a.high), hot: a.hot || b.hot}
		if a.to != b.to {
			both.to = c.ask(tables, low)
			asking += 2 * both.weight
			if !counted[both.to] {
				counted[both.to] = true
				asking += 2 * one
			}
		}
		cells = append(cells, both)
		low = both.high + 1
		if a.high == both.high {
			i++
		}
		if b.high == both.high {
			j++
		}
	}
	return cells, asking
}

// part is the weight of a cell's numbers in low..high; that of a cell which is
// cut goes where it ends, or almost so.
func part(c cell, low, high uint32) int64 {
	first, last := max(c.low, low), min(c.high, high)
	if first > last {
		return 0
	}
	if width := int64(c.high-c.low) + 1; width < 1<<16 {
		return c.weight * (int64(last-first) + 1) / width
	}
	if last == c.high {
		return c.weight
	}
	return 0
}

// ask returns code that tells the tables apart at one number.
func (c *compiler) ask(tables []*table, nr uint32) nodeID {
	var cells []cell
	for _, t := range tables {
		for _, own := range t.cells {
			if own.low <= nr && nr <= own.high {
				cells = insert(cells, cell{low: t.arch.Audit, high: t.arch.Audit, to: own.to, weight: one})
			}
		}
	}
	return c.g.load(offsetArch, c.search(cells, maxWord).root)
}

// insert keeps cells ascending.
func insert(cells []cell, v cell) []cell {
	i := len(cells)
	cells = append(cells, v)
	for ; i > 0 && cells[i-1].low > v.low; i-- {
		cells[i] = cells[i-1]
	}
	cells[i] = v
	return cells
}
