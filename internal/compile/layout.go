package compile

import (
	"slices"

	"github.com/narrow-sandbox/narrow/bpf"
)

// The kernel only lets jumps go forward, conditional ones by at most 255
// (include/uapi/linux/filter.h: jt and jf are bytes), `ja` by any number. So the
// program is laid out from its end to its beginning: when an instruction is
// placed, everything that it leads to has its place, and the distance is known.
//
// Only loads and ands need their successor right behind them; tests do not care
// where theirs are. A target out of reach gets a stand-in here, behind the test:
// a second copy of a return, which costs no step, else a `ja`. Later (earlier in
// the program) tests use the stand-in too, so there is about one in 255
// instructions for each far target.

// reach is the farthest that a conditional jump skips.
const reach = 255

// layout puts a graph's nodes in a row, last first.
type layout struct {
	g       *graph
	placed  []bpf.Instruction // the program backwards
	at      []int32           // by node: its place in placed, or -1
	nearest []int32           // by node: the place of the node or its latest stand-in
	sizes   []int32           // by node: how many nodes it leads to, shared ones counted again
}

// program returns the program that begins with root.
func program(g *graph, root nodeID) bpf.Program {
	l := &layout{g: g, at: make([]int32, len(g.nodes)), nearest: make([]int32, len(g.nodes))}
	for i := range l.at {
		l.at[i], l.nearest[i] = -1, -1
	}
	l.measure()
	l.place(root)
	slices.Reverse(l.placed)
	return l.placed
}

// measure estimates the sizes of sub-graphs.
func (l *layout) measure() {
	const enough = 1 << 20
	l.sizes = make([]int32, len(l.g.nodes))
	for i, n := range l.g.nodes { // successors come first
		size := int32(1)
		for _, next := range [...]nodeID{n.yes, n.no} {
			if next != noNode {
				size += l.sizes[next]
			}
		}
		l.sizes[i] = min(size, enough)
	}
}

// place puts id, and before it whatever it leads to, in the row. The larger arm
// goes first, so that it comes last and the jump over the smaller one is short.
func (l *layout) place(id nodeID) {
	if l.at[id] >= 0 {
		return
	}
	n := l.g.nodes[id]
	switch n.op {
	case opReturn:
		l.put(id, bpf.Stmt(opReturn, n.k))
	case opLoad, opAnd:
		l.adjoin(n.yes)
		l.put(id, bpf.Stmt(n.op, n.k))
	default:
		l.arms(n)
		l.put(id, l.jump(n))
	}
}

// arms places what a test leads to.
func (l *layout) arms(n node) {
	first, second := n.yes, n.no
	if l.sizes[second] > l.sizes[first] {
		first, second = second, first
	}
	l.place(first)
	l.place(second)
}

// put places one instruction in front of all others.
func (l *layout) put(id nodeID, i bpf.Instruction) {
	l.at[id] = int32(len(l.placed))
	l.nearest[id] = l.at[id]
	l.placed = append(l.placed, i)
}

// adjoin makes id the instruction in front, if need be by a copy. A test copied
// costs no step, where a `ja` to it would cost one.
func (l *layout) adjoin(id nodeID) {
	l.place(id)
	if int(l.at[id]) == len(l.placed)-1 {
		return
	}
	n := l.g.nodes[id]
	var copied bpf.Instruction
	if n.op == opAnd {
		l.adjoin(n.yes)
		copied = bpf.Stmt(opAnd, n.k)
	} else {
		copied = l.jump(n)
	}
	l.nearest[id] = int32(len(l.placed))
	l.placed = append(l.placed, copied)
}

// jump makes a test whose targets are in reach, having placed stand-ins for
// those that were not.
func (l *layout) jump(n node) bpf.Instruction {
	for {
		yes, no := l.distance(n.yes), l.distance(n.no)
		switch {
		case yes > reach:
			l.standIn(n.yes)
		case no > reach:
			l.standIn(n.no)
		default:
			return bpf.Jump(n.op, n.k, uint8(yes), uint8(no))
		}
	}
}

// distance is how many instructions a jump placed now would skip.
func (l *layout) distance(id nodeID) int { return len(l.placed) - 1 - int(l.nearest[id]) }

// standIn places what acts like id.
func (l *layout) standIn(id nodeID) {
	n := l.g.nodes[id]
	i := bpf.Stmt(opReturn, n.k)
	if n.op != opReturn {
		i = bpf.Stmt(opJump, uint32(l.distance(id)))
	}
	l.nearest[id] = int32(len(l.placed))
	l.placed = append(l.placed, i)
}
