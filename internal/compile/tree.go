package compile

import "slices"

// A search tree finds the cell in which the accumulator lies. It may split an
// interval (jge), cut out one value (jeq) or decide by bits (jset).
//
// Cutting one value out of a run makes its neighbours one run: A x A needs one
// comparison where splits need two. Where a cut-out stands above a split it can
// be moved below it, to the side on which its value lies: the same number of
// comparisons, and the other side takes a step less. So, if no value is met far
// more often than others (see hot.go), the cut-outs of a best tree stand at its
// ends, and a dynamic program over intervals i..j of cells
// finds it:
//
//	cost(i, j) = min of
//	  0                                          all the same target
//	  cuts: all but single values have one target; cut these out in turn
//	  bits:  two targets, and (x & K) != 0 tells one from the other
//	  split: for each k in i..j-1, 1 + w(i, j) + cost(i, k) + cost(k+1, j)
//
// A comparison costs one unit of size, and its weight for each time that it is
// run. All arithmetic is on integers, as floating point differs among machines.
//
// That two-way comparisons with equality tests want a tree of their own kind is
// from Anderson, Kannan, Karloff, Ladner: Thresholds and optimal binary
// comparison search trees, 2002; that leaves here share targets makes it both
// simpler and better.

// one is the cost of an instruction.
const one int64 = 1 << 20

// Above maxExact cells the program over all intervals would take too long; the
// cells are first halved by weight until they are no more. Its time is cubic,
// so the whole is linear in the number of cells.
const maxExact = 96

// maxCuts bounds the values that are cut out one after the other, if steps cost
// anything.
const maxCuts = 12

// cell is the values low..high, which lead to the same node.
type cell struct {
	low, high uint32
	to        nodeID
	weight    int64 // cost of a step of all calls that end here
	hot       bool  // kept apart from neighbours with the same target, as one may want to cut it out
}

// searcher makes search trees in a graph.
type searcher struct {
	g     *graph
	mask  uint32 // the accumulator has no other bits that count
	only  bool   // only bits may be tested: the accumulator has bits outside mask
	alias nodeID // see searchTail
	cells []cell

	thrifty bool // steps cost nothing

	cost, tsoc []int64 // by i*n+j, and by j*n+i
	how        []method
	sums       []int64 // sums[i] is the weight of all cells before i
	cuts       cuts    // scratch of cutOuts
}

// method says how an interval of cells is searched: a kind, and which cell the
// right half begins with (split), which leads where the rest goes (cuts), or
// which bits are meant (bits: 1 if swapped).
type method struct {
	kind uint16
	at   uint16
}

const (
	byLeaf uint16 = iota
	bySplit
	byCuts
	byBits
)

// tree is the code of a search and what it costs.
type tree struct {
	root nodeID
	cost int64 // unknown if there is none
}

const unknown = int64(1) << 60

// search returns code that finds the accumulator's cell. The accumulator has
// only bits of mask; cells are ascending and disjoint, and values in none of
// them do not occur. The cells are used up.
func (s *searcher) search(cells []cell, mask uint32) tree {
	return s.searchTail(cells, mask, noNode)
}

// searchTail is search where the last cell's node sends all values of the cells
// before it to alias: wherever alias is wanted, the last cell's node will do. The
// last cell has several values.
func (s *searcher) searchTail(cells []cell, mask uint32, alias nodeID) tree {
	s.mask, s.only = mask, false
	return s.halve(merge(s.weighed(cells)), alias)
}

// searchBits is search where the accumulator also has bits outside mask, which
// must not be looked at. There may be no such tree.
func (s *searcher) searchBits(cells []cell, mask uint32) tree {
	cells = merge(s.weighed(cells))
	if len(cells) > maxExact {
		return tree{noNode, unknown}
	}
	s.mask, s.only = mask, true
	return s.exact(cells, noNode)
}

// weighed returns cells without weights if steps cost nothing.
func (s *searcher) weighed(cells []cell) []cell {
	if s.thrifty {
		for i := range cells {
			cells[i].weight, cells[i].hot = 0, false
		}
	}
	return cells
}

// merge makes one cell of neighbours with the same target that are not hot.
func merge(cells []cell) []cell {
	merged := cells[:0]
	for _, c := range cells {
		if n := len(merged); n > 0 && merged[n-1].to == c.to && !merged[n-1].hot && !c.hot {
			merged[n-1].high = c.high
			merged[n-1].weight += c.weight
			continue
		}
		merged = append(merged, c)
	}
	return merged
}

// halve splits cells by weight until the program is quick.
func (s *searcher) halve(cells []cell, alias nodeID) tree {
	if len(cells) <= maxExact {
		return s.best(cells, alias)
	}
	if x, ok := hot(cells); ok {
		return s.without(cells, x, alias)
	}
	k := middle(cells)
	left := s.halve(cells[:k], noNode)
	right := s.halve(cells[k:], alias)
	return tree{s.g.test(opAtLeast, cells[k].low, right.root, left.root), left.cost + right.cost + one + total(cells)}
}

// middle returns where the weights of both halves come nearest, within the
// middle half by number.
func middle(cells []cell) int {
	whole, sum, n := total(cells), int64(0), len(cells)
	if whole == 0 {
		return n / 2
	}
	for i, c := range cells {
		sum += c.weight
		if i+1 >= n/4 && (2*sum >= whole || i+1 >= n-n/4) {
			return i + 1
		}
	}
	return n / 2
}

// exact finds the best tree.
func (s *searcher) exact(cells []cell, alias nodeID) tree {
	s.cells, s.alias = cells, alias
	n := len(cells)
	s.reset(n)
	for i := n - 1; i >= 0; i-- {
		s.ends(i)
		for j := i + 1; j < n; j++ {
			if !s.only {
				s.split(i, j)
			} else {
				s.splitBit(i, j)
			}
		}
	}
	if s.cost[n-1] >= unknown {
		return tree{noNode, unknown}
	}
	return tree{s.emit(0, n-1), s.cost[n-1]}
}

func (s *searcher) reset(n int) {
	if cap(s.cost) < n*n {
		s.cost, s.tsoc = make([]int64, n*n), make([]int64, n*n)
		s.how = make([]method, n*n)
	}
	s.cost, s.tsoc, s.how = s.cost[:n*n], s.tsoc[:n*n], s.how[:n*n]
	for i := range s.cost {
		s.cost[i], s.tsoc[i] = unknown, unknown
	}
	s.sums = append(s.sums[:0], 0)
	for i, c := range s.cells {
		s.sums = append(s.sums, s.sums[i]+c.weight)
	}
}

// offer records a way to search i..j if it is the best so far.
func (s *searcher) offer(i, j int, cost int64, how method) {
	n := len(s.cells)
	if cost < s.cost[i*n+j] {
		s.cost[i*n+j], s.tsoc[j*n+i] = cost, cost
		s.how[i*n+j] = how
	}
}

// step is what a test at the top of i..j costs.
func (s *searcher) step(i, j int) int64 { return one + s.sums[j+1] - s.sums[i] }

// split tries every split of i..j in two.
func (s *searcher) split(i, j int) {
	n := len(s.cells)
	lefts, rights := s.cost[i*n+i:i*n+j], s.tsoc[j*n+i+1:j*n+j+1]
	rights = rights[:len(lefts)]
	best, at := unknown, 0
	for k, left := range lefts {
		if c := left + rights[k]; c < best {
			best, at = c, k
		}
	}
	s.offer(i, j, best+s.step(i, j), method{bySplit, uint16(i + at + 1)})
}

// ends tries, for every interval that begins with i, to do without a split.
func (s *searcher) ends(i int) {
	s.offer(i, i, 0, method{byLeaf, 0})
	if !s.only {
		s.cutOuts(i)
	}
	s.bits(i, false)
	s.bits(i, true)
}

// emit turns the methods into nodes.
func (s *searcher) emit(i, j int) nodeID {
	how := s.how[i*len(s.cells)+j]
	switch how.kind {
	case bySplit:
		return s.emitSplit(i, j, int(how.at))
	case byCuts:
		return s.emitCuts(i, j, s.cells[how.at].to)
	case byBits:
		return s.emitBits(i, j, how.at != 0)
	}
	return s.cells[i].to
}

// emitSplit splits i..j before cell k. Where one side is a single value, it asks
// for that.
func (s *searcher) emitSplit(i, j, k int) nodeID {
	left, right := s.emit(i, k-1), s.emit(k, j)
	switch {
	case s.only:
		bit, _ := s.topBit(i, j)
		return s.g.test(opBits, bit, right, left)
	case k == j && s.cells[j].single():
		return s.g.test(opEqual, s.cells[j].low, right, left)
	case k == i+1 && s.cells[i].single():
		return s.g.test(opEqual, s.cells[i].low, left, right)
	}
	return s.g.test(opAtLeast, s.cells[k].low, right, left)
}

// single reports whether c is one value.
func (c cell) single() bool { return c.low == c.high }

// same reports whether values of c may go to rest.
func (s *searcher) same(c cell, rest nodeID) bool {
	return c.to == rest || s.alias != noNode && c.to == s.alias && rest == s.cells[len(s.cells)-1].to
}

// emitCuts cuts out of i..j whatever does not go to rest, the heaviest first.
func (s *searcher) emitCuts(i, j int, rest nodeID) nodeID {
	var cut []cell
	for _, c := range s.cells[i : j+1] {
		if !s.same(c, rest) {
			cut = append(cut, c)
		}
	}
	slices.SortStableFunc(cut, func(a, b cell) int { return compare(a.weight, b.weight) })
	id := rest
	for _, c := range cut { // from the last test to the first
		id = s.g.test(opEqual, c.low, c.to, id)
	}
	return id
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
