package layered

import "slices"

// rounds is how often each layer is moved; the picture hardly changes after it.
const rounds = 24

// moveSideways gives each vertex its x: near the mean of its neighbours, in the
// order of its layer, and without overlaps. The last pass goes up, so that what
// forks stands above the middle of its branches.
func (d *drawing) moveSideways() {
	for l := range d.layers {
		d.pack(l)
	}
	for round := range rounds {
		both := round >= rounds/2 && round < rounds-2
		if round%2 == 0 {
			for l := range d.layers {
				d.settle(l, true, both)
			}
			continue
		}
		for l := range slices.Backward(d.layers) {
			d.settle(l, false, both)
		}
	}
}

// pack puts the vertices of a layer side by side.
func (d *drawing) pack(l int) {
	x := 0.0
	for i, v := range d.layers[l] {
		if i > 0 {
			x += d.apart(d.layers[l][i-1], v)
		}
		d.vertices[v].x = x
	}
}

// apart is how far the middles of two neighbours of a layer must be apart.
func (d *drawing) apart(left, right int) float64 {
	return (d.vertices[left].Width+d.vertices[right].Width)/2 + besides
}

// settle moves the vertices of a layer as near as may be to where their
// neighbours above or below (or both) want them: the least sum of weighted
// squares under the distances, which merging blocks from left to right finds
// (pool adjacent violators).
func (d *drawing) settle(l int, above, both bool) {
	var blocks []block
	offset := 0.0 // of the vertex from the first, packed
	for i, v := range d.layers[l] {
		if i > 0 {
			offset += d.apart(d.layers[l][i-1], v)
		}
		x, weight := d.wish(v, above, both)
		b := block{first: i, sum: weight * (x - offset), weight: weight}
		for len(blocks) > 0 && blocks[len(blocks)-1].place() > b.place() {
			last := blocks[len(blocks)-1]
			blocks = blocks[:len(blocks)-1]
			b = block{last.first, last.sum + b.sum, last.weight + b.weight}
		}
		blocks = append(blocks, b)
	}
	d.put(l, blocks)
}

// block is vertices that touch each other.
type block struct {
	first       int // of its vertices in the layer; the others follow
	sum, weight float64
}

// place is where the layer's first vertex would be if the block were packed to
// it and stood where it wants.
func (b block) place() float64 { return b.sum / b.weight }

// put moves the vertices of a layer to where their blocks are.
func (d *drawing) put(l int, blocks []block) {
	offset := 0.0
	for i, v := range d.layers[l] {
		if i > 0 {
			offset += d.apart(d.layers[l][i-1], v)
		}
		if len(blocks) > 1 && i == blocks[1].first {
			blocks = blocks[1:]
		}
		d.vertices[v].x = blocks[0].place() + offset
	}
}

// wish is where a vertex's neighbours want it, and how much that weighs: bends
// weigh more, so that long edges are straight.
func (d *drawing) wish(v int, above, both bool) (x, weight float64) {
	a := &d.vertices[v]
	for _, n := range a.up {
		if above || both {
			x, weight = x+d.pull(v, n)*d.vertices[n].x, weight+d.pull(v, n)
		}
	}
	for _, n := range a.down {
		if !above || both {
			x, weight = x+d.pull(v, n)*d.vertices[n].x, weight+d.pull(v, n)
		}
	}
	if weight == 0 {
		return a.x, 0.01
	}
	return x / weight, weight
}

// pull is how much an edge between two vertices wants to be straight.
func (d *drawing) pull(v, n int) float64 {
	if d.vertices[v].bend && d.vertices[n].bend {
		return 8
	}
	return 1
}
