package layered

import (
	"cmp"
	"slices"
)

// sweeps is how often the layers are ordered by their neighbours, down and up.
// Few graphs get better after half of them.
const sweeps = 12

// order orders the vertices of each layer so that few edges cross: it begins
// with the order in which a walk from the top meets them, then moves each vertex
// to the mean of its neighbours in the layer above, or below, and keeps the best.
func (d *drawing) order() {
	d.walk()
	best, crossings := d.copyLayers(), d.crossings()
	for sweep := 0; sweep < sweeps && crossings > 0; sweep++ {
		d.sweep(sweep%2 == 0)
		if n := d.crossings(); n < crossings {
			best, crossings = d.copyLayers(), n
		}
	}
	d.layers = best
	for l := range d.layers {
		d.number(l)
	}
}

// walk fills the layers in the order of a depth-first walk.
func (d *drawing) walk() {
	seen := make([]bool, len(d.vertices))
	for root := range d.vertices {
		stack := []int{root}
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[v] {
				continue
			}
			seen[v] = true
			a := &d.vertices[v]
			d.layers[a.layer] = append(d.layers[a.layer], v)
			for _, next := range slices.Backward(a.down) {
				stack = append(stack, next)
			}
		}
	}
	for l := range d.layers {
		d.number(l)
	}
}

// number tells the vertices of a layer their positions.
func (d *drawing) number(l int) {
	for i, v := range d.layers[l] {
		d.vertices[v].position = i
	}
}

// sweep orders each layer by the one before it.
func (d *drawing) sweep(downward bool) {
	for i := range d.layers {
		l := i
		if !downward {
			l = len(d.layers) - 1 - i
		}
		keys := make(map[int]float64, len(d.layers[l]))
		for _, v := range d.layers[l] {
			keys[v] = d.barycentre(v, downward)
		}
		slices.SortStableFunc(d.layers[l], func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
		d.number(l)
	}
}

// barycentre is the mean position of a vertex's neighbours above or below, its
// own without any.
func (d *drawing) barycentre(v int, above bool) float64 {
	neighbours := d.vertices[v].down
	if above {
		neighbours = d.vertices[v].up
	}
	if len(neighbours) == 0 {
		return float64(d.vertices[v].position)
	}
	sum := 0
	for _, n := range neighbours {
		sum += d.vertices[n].position
	}
	return float64(sum) / float64(len(neighbours))
}

func (d *drawing) copyLayers() [][]int {
	layers := make([][]int, len(d.layers))
	for l := range layers {
		layers[l] = slices.Clone(d.layers[l])
	}
	return layers
}

// crossings counts the pairs of edges that cross between neighbouring layers.
func (d *drawing) crossings() int {
	total := 0
	for l := range d.layers {
		total += d.crossingsBelow(l)
	}
	return total
}

// crossingsBelow counts, for each edge down from a layer, the edges to its left
// above that end to its right below: inversions, by a Fenwick tree.
func (d *drawing) crossingsBelow(l int) int {
	if l+1 == len(d.layers) {
		return 0
	}
	tree := make([]int, len(d.layers[l+1])+1)
	total, edges := 0, 0
	for _, v := range d.layers[l] {
		for _, below := range d.vertices[v].down {
			total += edges - sumTo(tree, d.vertices[below].position)
		}
		for _, below := range d.vertices[v].down {
			addAt(tree, d.vertices[below].position)
			edges++
		}
	}
	return total
}

// sumTo is how many were added at positions 0 to i.
func sumTo(tree []int, i int) int {
	sum := 0
	for i++; i > 0; i -= i & -i {
		sum += tree[i]
	}
	return sum
}

func addAt(tree []int, i int) {
	for i++; i < len(tree); i += i & -i {
		tree[i]++
	}
}
