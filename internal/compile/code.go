package compile

// coder makes code in a graph from diagrams.
type coder struct {
	*diagrams
	*searcher
	fresh  map[diagramID]nodeID  // with nothing useful in the accumulator
	taken  map[diagramID][]int64 // by node and arm: the weight of counted calls
	loaded map[diagramID]nodeID  // with the diagram's word, unmasked, in the accumulator
}

func newCoder(d *diagrams, g *graph) *coder {
	return &coder{
		diagrams: d,
		searcher: &searcher{g: g},
		fresh:    map[diagramID]nodeID{},
		loaded:   map[diagramID]nodeID{},
		taken:    map[diagramID][]int64{},
	}
}

// nothing stands for an accumulator whose content is of no use.
const nothing = maxWord

// code returns the code of a diagram where the accumulator holds the word at
// an offset.
func (c *coder) code(id diagramID, holds uint32) nodeID {
	if id < 0 {
		return c.g.ret(action(c.verdicts[^id]))
	}
	w := c.diagrams.nodes[id].word
	if holds == w.offset {
		return c.body(id)
	}
	if n, ok := c.fresh[id]; ok {
		return n
	}
	n := c.g.load(w.offset, c.body(id))
	c.fresh[id] = n
	return n
}

// body returns the code of a diagram once its word is loaded.
func (c *coder) body(id diagramID) nodeID {
	if n, ok := c.loaded[id]; ok {
		return n
	}
	n := c.find(id)
	c.loaded[id] = n
	return n
}

// find returns the search for a diagram's arm. Tests of bits need no `and`
// before them and leave the word as it is, so that what follows may use it again.
func (c *coder) find(id diagramID) nodeID {
	w := c.nodes[id].word
	if w.mask == maxWord {
		return c.search(c.targets(id, w.offset), maxWord).root
	}
	bare := c.searchBits(c.targets(id, w.offset), w.mask)
	cells := c.targets(id, nothing)
	and := one + total(cells)
	masked := c.search(cells, w.mask)
	if bare.cost <= masked.cost+and {
		return bare.root
	}
	return c.g.and(w.mask, masked.root)
}

// targets returns the cells of a diagram's arms.
func (c *coder) targets(id diagramID, holds uint32) []cell {
	d := c.nodes[id]
	cells := make([]cell, 0, len(d.arms))
	low := uint32(0)
	for i, a := range d.arms {
		cells = append(cells, cell{low: low, high: a.high, to: c.code(a.to, holds), weight: c.weightOf(id, i)})
		if a.high != d.word.mask {
			low, _ = nextWithout(a.high+1, ^d.word.mask)
		}
	}
	return cells
}
