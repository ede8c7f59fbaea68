package compile

import (
	"math/bits"
	"slices"
)

// What a diagram will come to as code, before there is any: near enough to
// choose between diagrams. (The search that a node becomes depends on nodes
// that share it.)

// cost is of a node with all that it leads to.
type cost struct {
	size  int64 // instructions, as if nothing were shared between different arms' nodes
	steps int64 // in the worst case
}

// enough keeps sizes of diagrams in which much is shared from overflowing.
const enough = 1 << 30

// estimate returns the cost of a new node.
func (d *diagrams) estimate(n *diagram) cost {
	c := cost{size: int64(n.own())}
	for i, a := range n.arms {
		if a.to < 0 {
			continue
		}
		c.steps = max(c.steps, d.costs[a.to].steps)
		first := !slices.ContainsFunc(n.arms[:min(i, 16)], func(b arm) bool { return b.to == a.to })
		if first {
			c.size = min(c.size+d.costs[a.to].size, enough)
		}
	}
	c.steps += int64(1 + bits.Len(uint(n.tests())))
	return c
}

// own is how many instructions a node has for itself.
func (n *diagram) own() int {
	size := 1 + n.tests()
	if n.word.mask != maxWord && len(n.arms) > 2 {
		size++
	}
	return size
}

// tests is about how many comparisons find the arm: none for those that lead
// where the last one does, one for a single value, two for others, and no more
// than one between any two arms.
func (n *diagram) tests() int {
	tests, low := 0, uint32(0)
	rest := n.arms[len(n.arms)-1].to
	for _, a := range n.arms {
		switch {
		case a.to == rest:
		case a.high == low || low == 0:
			tests++
		default:
			tests += 2
		}
		low = a.high + 1
	}
	return min(tests, len(n.arms)-1)
}

// cost weighs size and steps of a diagram.
func (d *diagrams) cost(id diagramID) int64 {
	if id < 0 {
		return 0
	}
	return d.worth(int(d.costs[id].size), id)
}

// worth is cost with a known size: a step in the worst case is worth an
// instruction.
func (d *diagrams) worth(size int, id diagramID) int64 {
	if id < 0 || d.thrifty {
		return int64(size)
	}
	return int64(size) + d.costs[id].steps
}

// size counts the instructions of id's nodes, each once, without those of and
// behind the nodes in stop.
func (d *diagrams) size(id diagramID, stop []diagramID) int {
	size := 0
	seen := map[diagramID]bool{}
	todo := []diagramID{id}
	for len(todo) > 0 {
		id, todo = todo[len(todo)-1], todo[:len(todo)-1]
		if id < 0 || seen[id] || slices.Contains(stop, id) {
			continue
		}
		seen[id] = true
		size += d.nodes[id].own()
		for _, a := range d.nodes[id].arms {
			todo = append(todo, a.to)
		}
	}
	return size
}
