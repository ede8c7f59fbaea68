package layered

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// graphs draws graphs whose edges lead forward, some of them labelled.
func graphs(t *rapid.T) Graph {
	var g Graph
	size := rapid.Float64Range(1, 200)
	for range rapid.IntRange(1, 40).Draw(t, "nodes") {
		g.Nodes = append(g.Nodes, Node{size.Draw(t, "width"), size.Draw(t, "height")})
	}
	if len(g.Nodes) == 1 {
		return g
	}
	for range rapid.IntRange(0, 80).Draw(t, "edges") {
		e := Edge{From: rapid.IntRange(0, len(g.Nodes)-2).Draw(t, "from")}
		e.To = rapid.IntRange(e.From+1, len(g.Nodes)-1).Draw(t, "to")
		if rapid.Bool().Draw(t, "labelled") {
			e.Label = Node{size.Draw(t, "width"), 16}
		}
		g.Edges = append(g.Edges, e)
	}
	return g
}

// box is what a node or a label covers.
type box struct{ left, top, right, bottom float64 }

func boxOf(middle Point, size Node) box {
	return box{middle.X - size.Width/2, middle.Y - size.Height/2, middle.X + size.Width/2, middle.Y + size.Height/2}
}

func (a box) overlaps(b box) bool {
	const slack = 1e-6
	return a.left < b.right-slack && b.left < a.right-slack && a.top < b.bottom-slack && b.top < a.bottom-slack
}

// TestPlace: nothing overlaps, all is inside, and edges lead down from their
// node to their node.
func TestPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := graphs(t)
		l := Place(g)
		var boxes []box
		for i, n := range g.Nodes {
			boxes = append(boxes, boxOf(l.Nodes[i], n))
		}
		for e, edge := range g.Edges {
			if edge.Label.Width > 0 {
				boxes = append(boxes, boxOf(l.Routes[e].Label, edge.Label))
			}
			checkRoute(t, g, l, e)
		}
		for i, a := range boxes {
			if a.left < -1e-6 || a.top < -1e-6 || a.right > l.Width+1e-6 || a.bottom > l.Height+1e-6 {
				t.Fatalf("box %d, %v, is outside of %v × %v", i, a, l.Width, l.Height)
			}
			for j, b := range boxes[:i] {
				if a.overlaps(b) {
					t.Fatalf("boxes %d and %d overlap: %v, %v", j, i, b, a)
				}
			}
		}
	})
}

// checkRoute fails where an edge does not lead down from one node to the other.
func checkRoute(t *rapid.T, g Graph, l Layout, e int) {
	edge, points := g.Edges[e], l.Routes[e].Points
	from, to := boxOf(l.Nodes[edge.From], g.Nodes[edge.From]), boxOf(l.Nodes[edge.To], g.Nodes[edge.To])
	first, last := points[0], points[len(points)-1]
	switch {
	case !near(first.Y, from.bottom) || first.X < from.left || first.X > from.right:
		t.Fatalf("edge %d begins at %v, the node is %v", e, first, from)
	case !near(last.Y, to.top) || last.X < to.left || last.X > to.right:
		t.Fatalf("edge %d ends at %v, the node is %v", e, last, to)
	case !slices.IsSortedFunc(points, func(a, b Point) int {
		return cmp.Compare(a.Y, b.Y)
	}):
		t.Fatalf("edge %d does not lead down: %v", e, points)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

// TestTree: a tree is drawn without crossings, and a parent above the middle of
// its children.
func TestTree(t *testing.T) {
	g := Graph{Nodes: slices.Repeat([]Node{{40, 20}}, 15)}
	for child := 1; child < 15; child++ {
		g.Edges = append(g.Edges, Edge{From: (child - 1) / 2, To: child})
	}
	d := newDrawing(g)
	d.order()
	if n := d.crossings(); n != 0 {
		t.Errorf("%d crossings", n)
	}
	l := Place(g)
	for parent := range 7 {
		left, right := l.Nodes[2*parent+1], l.Nodes[2*parent+2]
		if !near((left.X+right.X)/2, l.Nodes[parent].X) {
			t.Errorf("node %d is at %v, its children at %v and %v", parent, l.Nodes[parent], left, right)
		}
	}
}

// TestCrossings compares the count with the definition.
func TestCrossings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDrawing(graphs(t))
		d.walk()
		want := 0
		for l := range d.layers {
			want += slowCrossings(d, l)
		}
		if got := d.crossings(); got != want {
			t.Fatalf("%d crossings, want %d", got, want)
		}
	})
}

func slowCrossings(d *drawing, l int) int {
	var edges [][2]int
	for _, v := range d.layers[l] {
		for _, below := range d.vertices[v].down {
			edges = append(edges, [2]int{d.vertices[v].position, d.vertices[below].position})
		}
	}
	n := 0
	for i, a := range edges {
		for _, b := range edges[:i] {
			if (a[0]-b[0])*(a[1]-b[1]) < 0 {
				n++
			}
		}
	}
	return n
}

// TestSame: one graph has one picture.
func TestSame(t *testing.T) {
	g := rapid.Custom(graphs).Example(7)
	if a, b := fmt.Sprint(Place(g)), fmt.Sprint(Place(g)); a != b {
		t.Error("two layouts of one graph differ")
	}
}

// TestBackward: an edge that does not lead forward is left out.
func TestBackward(t *testing.T) {
	l := Place(Graph{Nodes: make([]Node, 2), Edges: []Edge{{From: 1, To: 0}, {From: 1, To: 1}, {From: 0, To: 1}}})
	if len(l.Routes[0].Points) != 0 || len(l.Routes[1].Points) != 0 || len(l.Routes[2].Points) == 0 {
		t.Errorf("got %v", l.Routes)
	}
	if l := Place(Graph{}); l.Width != 0 || l.Height != 0 {
		t.Errorf("nothing takes %v", l)
	}
}
