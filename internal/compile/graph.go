package compile

import "github.com/narrow-sandbox/narrow/bpf"

// The instructions that the compiler uses.
const (
	opLoad    = bpf.LD | bpf.W | bpf.ABS
	opAnd     = bpf.ALU | bpf.AND | bpf.K
	opJump    = bpf.JMP | bpf.JA
	opEqual   = bpf.JMP | bpf.JEQ | bpf.K
	opAtLeast = bpf.JMP | bpf.JGE | bpf.K
	opBits    = bpf.JMP | bpf.JSET | bpf.K
	opReturn  = bpf.RET | bpf.K
)

// nodeID names a node of a graph. Nodes only lead to nodes with smaller IDs.
type nodeID int32

const noNode nodeID = -1

// node is an instruction whose jumps name nodes in place of offsets. A load
// and an `and` have only one successor, yes.
type node struct {
	op      uint16
	k       uint32
	yes, no nodeID
}

// graph holds the code to be: nodes without cycles, no two of them equal, so
// that whatever is decided alike is decided by the same instructions.
type graph struct {
	nodes []node
	ids   map[node]nodeID
}

func newGraph(hint int) *graph {
	return &graph{nodes: make([]node, 0, hint), ids: make(map[node]nodeID, hint)}
}

func (g *graph) add(n node) nodeID {
	if id, ok := g.ids[n]; ok {
		return id
	}
	id := nodeID(len(g.nodes))
	g.nodes = append(g.nodes, n)
	g.ids[n] = id
	return id
}

// ret returns an action to the kernel.
func (g *graph) ret(action bpf.Action) nodeID {
	return g.add(node{op: opReturn, k: uint32(action), yes: noNode, no: noNode})
}

// test compares the accumulator with k.
func (g *graph) test(op uint16, k uint32, yes, no nodeID) nodeID {
	if yes == no {
		return yes
	}
	return g.add(node{op: op, k: k, yes: yes, no: no})
}

// load reads the word at an offset of seccomp_data, if next looks at it.
func (g *graph) load(offset uint32, next nodeID) nodeID {
	if !g.looks(next) {
		return next
	}
	return g.add(node{op: opLoad, k: offset, yes: next, no: noNode})
}

// and masks the accumulator, if next looks at it.
func (g *graph) and(mask uint32, next nodeID) nodeID {
	if !g.looks(next) {
		return next
	}
	return g.add(node{op: opAnd, k: mask, yes: next, no: noNode})
}

// looks reports whether code that begins with id needs the accumulator that
// it finds.
func (g *graph) looks(id nodeID) bool {
	op := g.nodes[id].op
	return op != opReturn && op != opLoad
}
