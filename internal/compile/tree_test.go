package compile

import (
	"math/rand/v2"
	"testing"
)

// cheapest is the least cost of any tree of splits and cut-outs of single
// values in any order, found by trying them all.
func cheapest(cells []cell) int64 {
	cells = merge(append([]cell(nil), cells...))
	if len(cells) == 1 {
		return 0
	}
	best := unknown
	for k := 1; k < len(cells); k++ {
		best = min(best, cheapest(cells[:k])+cheapest(cells[k:]))
	}
	for x, c := range cells {
		if c.single() {
			rest := append(append([]cell(nil), cells[:x]...), cells[x+1:]...)
			best = min(best, cheapest(rest))
		}
	}
	return best + one + total(cells)
}

// randomCells is n cells with few targets, whose values are sparse enough that
// no bit tells them apart by chance, or dense.
func randomCells(random *rand.Rand, g *graph, n int, hotter bool) []cell {
	var cells []cell
	low := uint32(0)
	for range n {
		high := low
		if random.IntN(2) == 0 {
			high += uint32(random.IntN(5))
		}
		c := cell{low: low, high: high, to: g.ret(actions[random.IntN(3)]), weight: one / 4 * int64(high-low+1)}
		if hotter && random.IntN(4) == 0 {
			c.weight *= 40
		}
		cells = append(cells, c)
		low = high + 1
	}
	cells[n-1].high = maxWord
	return cells
}

// TestBestTree compares with all trees there are. Bits, which these lack, make
// ours cheaper at times; where values are met equally often it is never dearer,
// and elsewhere seldom and a little.
func TestBestTree(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, hotter := range []bool{false, true} {
		var ours, best int64
		dearer := 0
		for range 400 {
			g := newGraph(16)
			s := &searcher{g: g}
			cells := randomCells(random, g, 2+random.IntN(6), hotter)
			least := cheapest(cells)
			got := s.search(append([]cell(nil), cells...), maxWord)
			ours, best = ours+got.cost, best+least
			if got.cost > least {
				dearer++
			}
		}
		t.Logf("hot %v: cost %.3f of the best without bits, dearer %d times", hotter, float64(ours)/float64(best), dearer)
		if !hotter && dearer > 0 || dearer > 20 || ours > best {
			t.Errorf("dearer than the best %d times, %d against %d", dearer, ours, best)
		}
	}
}

// TestTreeCost holds that the cost is what the code does: its tests, and the
// steps of each cell by its weight.
func TestTreeCost(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		g := newGraph(16)
		s := &searcher{g: g}
		cells := randomCells(random, g, 1+random.IntN(150), true)
		got := s.search(append([]cell(nil), cells...), maxWord)
		want := tests(g, got.root) * one
		for _, c := range cells {
			id := got.root
			for ; g.nodes[id].op != opReturn; id = follow(g.nodes[id], c.low) {
				want += c.weight
			}
			if id != c.to {
				t.Fatalf("%d..%d leads to %d, not to %d", c.low, c.high, id, c.to)
			}
		}
		if got.cost != want {
			t.Errorf("cost %d, want %d", got.cost, want)
		}
	}
}

// tests counts the tests of a tree, those that are shared as often as they are
// led to.
func tests(g *graph, id nodeID) int64 {
	n := g.nodes[id]
	if n.op == opReturn {
		return 0
	}
	return 1 + tests(g, n.yes) + tests(g, n.no)
}

// follow takes one step with a value.
func follow(n node, a uint32) nodeID {
	holds := map[uint16]bool{opEqual: a == n.k, opAtLeast: a >= n.k, opBits: a&n.k != 0}[n.op]
	if holds {
		return n.yes
	}
	return n.no
}

// TestHalved holds that searching a large table in parts costs little more than
// searching it whole.
func TestHalved(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		g := newGraph(512)
		cells := merge(randomCells(random, g, 300, false))
		halved, whole := (&searcher{g: g}).halve(append([]cell(nil), cells...), noNode), (&searcher{g: g}).exact(cells, noNode)
		if ratio := float64(halved.cost) / float64(whole.cost); ratio > 1.02 {
			t.Errorf("%.4f of the cost for %d cells", ratio, len(cells))
		}
	}
}
