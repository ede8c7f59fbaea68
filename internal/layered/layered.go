// Package layered draws directed graphs without cycles: it puts the nodes into
// layers so that every edge leads down, orders each layer so that few edges
// cross, and moves the nodes sideways until edges are short and straight. It is
// the method of Sugiyama, Tagawa and Toda (1981) as Gansner and others describe
// it for dot (1993), with the sideways step as a least-squares problem.
//
// There is no such package to import: the Go port of Graphviz starts its
// WebAssembly in every program that links it, half a second before main, and
// what else draws layers brings a JavaScript engine and its fonts. A security
// tool that is started before each server wants neither.
package layered

// Node is a box to be placed.
type Node struct{ Width, Height float64 }

// Edge leads from a node to one with a greater index. A Label of no width is
// none.
type Edge struct {
	From, To int
	Label    Node
}

// Graph is what to place. Its nodes are in an order in which all edges lead
// forward; an edge that does not is not drawn.
type Graph struct {
	Nodes []Node
	Edges []Edge
}

// Point is a place; y grows downward.
type Point struct{ X, Y float64 }

// Route is the way of an edge.
type Route struct {
	Points []Point // from the lower side of a node, through gaps, to the upper side of another
	Label  Point   // the middle of the label's box
}

// Layout is where everything goes.
type Layout struct {
	Nodes         []Point // the middle of each node
	Routes        []Route // of each edge; no points for one that is not drawn
	Width, Height float64
}

// The gaps between things, in the units of the nodes.
const (
	besides = 18 // between nodes of a layer
	between = 24 // between layers
)

// Place finds a layout. Its time grows with the number of edges times the
// layers that they pass.
func Place(g Graph) Layout {
	d := newDrawing(g)
	d.order()
	d.moveSideways()
	d.stack()
	return d.layout()
}

// drawing is a graph with a vertex for each node, and for each place where an
// edge passes a layer.
type drawing struct {
	graph    Graph
	vertices []vertex
	layers   [][]int // vertices of each layer, from left to right
	chains   [][]int // of each edge: its vertices from node to node
	heights  []float64
	tops     []float64
}

// vertex is a node of the graph, a label, or a bend of an edge.
type vertex struct {
	Node
	layer    int
	position int // in its layer
	x        float64
	up, down []int // neighbours
	bend     bool
}

// newDrawing puts the nodes into layers: each two below the lowest of those that
// lead to it, so that labels have layers of their own.
func newDrawing(g Graph) *drawing {
	d := &drawing{graph: g, vertices: make([]vertex, len(g.Nodes)), chains: make([][]int, len(g.Edges))}
	for i, n := range g.Nodes {
		d.vertices[i] = vertex{Node: n}
	}
	into := make([][]int, len(g.Nodes))
	for e, edge := range g.Edges {
		if edge.From < edge.To {
			into[edge.To] = append(into[edge.To], e)
		}
	}
	for i := range g.Nodes {
		for _, e := range into[i] {
			d.vertices[i].layer = max(d.vertices[i].layer, d.vertices[g.Edges[e].From].layer+2)
		}
	}
	for e, edge := range g.Edges {
		if edge.From < edge.To {
			d.chains[e] = d.chain(edge)
		}
	}
	for v := range d.vertices {
		for len(d.layers) <= d.vertices[v].layer {
			d.layers = append(d.layers, nil)
		}
	}
	return d
}

// chain makes the vertices of an edge and joins them. The first carries the
// label.
func (d *drawing) chain(edge Edge) []int {
	chain := []int{edge.From}
	for layer := d.vertices[edge.From].layer + 1; layer < d.vertices[edge.To].layer; layer++ {
		bend := vertex{layer: layer, bend: true}
		if len(chain) == 1 {
			bend.Node = edge.Label
		}
		d.vertices = append(d.vertices, bend)
		chain = append(chain, len(d.vertices)-1)
	}
	chain = append(chain, edge.To)
	for i, v := range chain[1:] {
		d.vertices[chain[i]].down = append(d.vertices[chain[i]].down, v)
		d.vertices[v].up = append(d.vertices[v].up, chain[i])
	}
	return chain
}

// stack gives each layer its height and its place.
func (d *drawing) stack() {
	d.heights, d.tops = make([]float64, len(d.layers)), make([]float64, len(d.layers))
	top := 0.0
	for l, layer := range d.layers {
		for _, v := range layer {
			d.heights[l] = max(d.heights[l], d.vertices[v].Height)
		}
		d.tops[l] = top
		top += d.heights[l] + between
	}
}

// layout reads the result off the vertices.
func (d *drawing) layout() Layout {
	out := Layout{Nodes: make([]Point, len(d.graph.Nodes)), Routes: make([]Route, len(d.graph.Edges))}
	left := d.leftmost()
	for v := range d.vertices {
		d.vertices[v].x -= left
		out.Width = max(out.Width, d.vertices[v].x+d.vertices[v].Width/2)
	}
	for i := range out.Nodes {
		out.Nodes[i] = d.middle(i)
	}
	for e := range out.Routes {
		out.Routes[e] = d.route(e)
	}
	if last := len(d.layers) - 1; last >= 0 {
		out.Height = d.tops[last] + d.heights[last]
	}
	return out
}

func (d *drawing) leftmost() float64 {
	left := 0.0
	for v := range d.vertices {
		if x := d.vertices[v].x - d.vertices[v].Width/2; v == 0 || x < left {
			left = x
		}
	}
	return left
}

// middle is the middle of a vertex. Nodes hang from the top of their layer, so
// that edges between neighbours are short.
func (d *drawing) middle(v int) Point {
	a := &d.vertices[v]
	return Point{a.x, d.tops[a.layer] + a.Height/2}
}

// route is the way of an edge: straight down through each layer that it passes.
func (d *drawing) route(e int) Route {
	chain := d.chains[e]
	if chain == nil {
		return Route{}
	}
	from, to := chain[0], chain[len(chain)-1]
	start := d.middle(from)
	r := Route{Label: Point{d.vertices[chain[1]].x, d.tops[d.vertices[chain[1]].layer] + d.heights[d.vertices[chain[1]].layer]/2}}
	r.Points = append(r.Points, Point{d.port(from, chain[1]), start.Y + d.vertices[from].Height/2})
	for _, v := range chain[1 : len(chain)-1] {
		a := &d.vertices[v]
		r.Points = append(r.Points, Point{a.x, d.tops[a.layer]}, Point{a.x, d.tops[a.layer] + d.heights[a.layer]})
	}
	r.Points = append(r.Points, Point{d.vertices[to].x, d.tops[d.vertices[to].layer]})
	return r
}

// port is where an edge leaves a node's lower side: several share it evenly, in
// the order in which they go on.
func (d *drawing) port(from, next int) float64 {
	a := &d.vertices[from]
	rank := 0
	for _, other := range a.down {
		if d.vertices[other].position < d.vertices[next].position {
			rank++
		}
	}
	share := float64(rank+1) / float64(len(a.down)+1)
	return a.x + (share-0.5)*min(a.Width, 40*float64(len(a.down)))
}
