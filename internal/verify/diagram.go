package verify

import (
	"fmt"
	"slices"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
)

// node is a function of the bits of a call, held in a diagram. Equal
// functions are the same node. A function to {no, yes} is a set of calls; one
// to leaves is what a filter answers.
type node uint32

// The two constant sets. They are distinct from every leaf.
const (
	no  node = 0
	yes node = 1
)

// vertex is what a node stands for: below level low where the bit is 0, high
// where it is 1. At leafLevel it is a constant: low is the value, and high
// tells leaves from no and yes.
type vertex struct {
	level     uint32
	low, high node
}

const leafLevel = 1 << 16 // below every bit of a call

// diagram is a multi-terminal binary decision diagram: Bryant, "Graph-based
// algorithms for Boolean function manipulation" (1986), with leaves as Clarke
// et al. (1993) added them.
//
// Nodes are never freed: a diagram lives for the few questions of one Prover
// and is dropped whole, which is what makes it several times quicker than a
// package that counts references (TestAgainstRudd compares the two). When a
// limit is reached, stopped is set and every operation returns at once with a
// meaningless node; whoever answers a question looks at stopped first.
type diagram struct {
	nodes []vertex
	table []node // open addressing by hash of the vertex; 0 is free, as `no` is never sought
	cache []memo

	limit    int // of nodes
	deadline time.Time
	budget   time.Duration
	steps    uint32
	stopped  string // the reason
}

// memo remembers one operation. A later one may take its place.
type memo struct {
	op      operation
	f, g, h node
	result  node
}

const (
	firstTable = 1 << 12 // entries: a small program should not wait for zeroed memory
	slowTable  = 1 << 20 // from where on the table doubles only
	cacheShare = 4       // entries of the table for each of the cache: a larger one takes longer to touch than it saves
	lastCache  = 1 << 20 // entries; 20 MB
)

func newDiagram() *diagram {
	d := &diagram{
		nodes: make([]vertex, 2, firstTable/2+1),
		table: make([]node, firstTable),
		cache: make([]memo, firstTable/cacheShare),
	}
	d.nodes[no] = vertex{leafLevel, 0, 0}
	d.nodes[yes] = vertex{leafLevel, 1, 0}
	return d
}

// begin allows for some nodes in all, and some time, which is said to be
// budget should it not do.
func (d *diagram) begin(nodes int, deadline time.Time, budget time.Duration) {
	d.stopped, d.limit, d.deadline, d.budget, d.steps = "", nodes, deadline, budget, 0
}

// stop gives up the question.
func (d *diagram) stop(format string, args ...any) {
	if d.stopped == "" {
		d.stopped = fmt.Sprintf(format, args...)
	}
}

// tick looks at the clock at a question's first step, and then now and then.
func (d *diagram) tick() {
	if d.steps&0xfff == 0 && time.Now().After(d.deadline) {
		d.stop("it takes more than %v", d.budget)
	}
	d.steps++
}

// bit is the set of calls that have a 1 at level.
func (d *diagram) bit(level uint32) node { return d.make(level, no, yes) }

// leaf is the function that is value everywhere.
func (d *diagram) leaf(value bpf.Action) node { return d.intern(vertex{leafLevel, node(value), 1}) }

// isLeaf reports whether f is constant, and the value of a leaf.
func (d *diagram) isLeaf(f node) (value bpf.Action, ok bool) {
	v := &d.nodes[f]
	return bpf.Action(v.low), v.level == leafLevel
}

// make is the function that is high where the bit at level is set, else low.
// Both must be below level.
func (d *diagram) make(level uint32, low, high node) node {
	if low == high {
		return low
	}
	return d.intern(vertex{level, low, high})
}

// intern finds or adds the node of v.
func (d *diagram) intern(v vertex) node {
	mask := uint32(len(d.table) - 1)
	i := v.hash() & mask
	for ; d.table[i] != 0; i = (i + 1) & mask {
		if d.nodes[d.table[i]] == v {
			return d.table[i]
		}
	}
	if len(d.nodes) >= d.limit {
		d.stop("it takes more than %d nodes", d.limit)
		return no
	}
	n := node(len(d.nodes))
	d.nodes = append(d.nodes, v)
	d.table[i] = n
	if len(d.nodes) > len(d.table)/2 {
		d.grow()
	}
	return n
}

// grow makes the table larger, and the cache with it up to a point.
func (d *diagram) grow() {
	factor := 4
	if len(d.table) >= slowTable {
		factor = 2
	}
	d.table = make([]node, factor*len(d.table))
	mask := uint32(len(d.table) - 1)
	d.nodes = slices.Grow(d.nodes, len(d.table)/2-len(d.nodes)+1) // at once: appending would copy them many times
	for n := range d.nodes[2:] {
		i := d.nodes[n+2].hash() & mask
		for d.table[i] != 0 {
			i = (i + 1) & mask
		}
		d.table[i] = node(n + 2)
	}
	if len(d.cache) < lastCache {
		old := d.cache
		d.cache = make([]memo, min(len(d.table)/cacheShare, lastCache))
		for _, m := range old {
			*d.slot(m.op, m.f, m.g, m.h) = m
		}
	}
}

// slot is where the cache would hold an operation.
func (d *diagram) slot(op operation, f, g, h node) *memo {
	x := mix(uint64(f)<<32|uint64(g), uint64(h)<<8|uint64(op))
	return &d.cache[x&uint32(len(d.cache)-1)]
}

// remember notes the result of an operation, unless it was cut short.
func (d *diagram) remember(m memo) {
	if d.stopped == "" {
		*d.slot(m.op, m.f, m.g, m.h) = m
	}
}

func (v vertex) hash() uint32 {
	return mix(uint64(v.low)<<32|uint64(v.high), uint64(v.level))
}

// mix spreads 128 bits over 32; the factors are odd and otherwise arbitrary.
func mix(a, b uint64) uint32 {
	x := (a ^ b*0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93
	x ^= x >> 32
	return uint32(x * 0xd6e8feb86659fd93 >> 32)
}

// top is the uppermost level of functions.
func (d *diagram) top(f, g node) uint32 { return min(d.nodes[f].level, d.nodes[g].level) }

// below is f where the bit at level is 0, and where it is 1. No bit of f may
// be above level.
func (d *diagram) below(f node, level uint32) (low, high node) {
	if v := &d.nodes[f]; v.level == level {
		return v.low, v.high
	}
	return f, f
}
