package compile

// coder makes code in a graph from diagrams.
type coder struct {
	*diagrams
	*searcher
	fresh  map[diagramID]nodeID // with nothing useful in the accumulator
	loaded map[diagramID]nodeID // with the diagram's word, unmasked, in the accumulator
}

func newCoder(d *diagrams, g *graph) *coder {
	return &coder{
		diagrams: d,
		searcher: &searcher{g: g},
		fresh:    map[diagramID]nodeID{},
		loaded:   map[diagramID]nodeID{},
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

// body returns the code of a diagram once its word is loaded. A jset needs no
// `and` before it and leaves the word as it is, so that what follows may use
// it again.
func (c *coder) body(id diagramID) nodeID {
	if n, ok := c.loaded[id]; ok {
		return n
	}
	d := &c.diagrams.nodes[id]
	n := c.search(c.targets(d, d.word.offset), d.word.mask)
	if d.word.mask != maxWord && c.compared {
		n = c.search(c.targets(d, nothing), d.word.mask)
		n = c.g.and(d.word.mask, n)
	}
	c.loaded[id] = n
	return n
}

// targets returns the cells of a diagram's arms, shrunk to possible values.
func (c *coder) targets(d *diagram, holds uint32) []cell {
	cells := make([]cell, 0, len(d.arms))
	low := uint32(0)
	for _, a := range d.arms {
		high := previousWithin(a.high, d.word.mask)
		cells = append(cells, cell{low, high, c.code(a.to, holds), argWeight})
		if high != d.word.mask {
			low, _ = nextWithout(high+1, ^d.word.mask)
		}
	}
	return cells
}

const argWeight = one / 8
