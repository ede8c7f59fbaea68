package compile

// cuts is what is cut out of an interval that grows to the right.
type cuts struct {
	rest    nodeID
	weights []int64 // of the single values, descending
	most    int     // how many
}

// add cuts c out; it is false where c cannot be.
func (h *cuts) add(c cell) bool {
	if !c.single() || len(h.weights) == h.most {
		return false
	}
	i := len(h.weights)
	h.weights = append(h.weights, c.weight)
	for ; i > 0 && h.weights[i-1] < c.weight; i-- {
		h.weights[i] = h.weights[i-1]
	}
	h.weights[i] = c.weight
	return true
}

// cost is of all tests; each is run by what the ones before it left over.
func (h *cuts) cost(total int64) int64 {
	sum := one * int64(len(h.weights))
	for _, w := range h.weights {
		sum += total
		total -= w
	}
	return sum
}

// cutOuts tries for every interval that begins with i to cut out all but the
// commonest target.
func (s *searcher) cutOuts(i int) {
	h := &s.cuts
	h.rest, h.weights, h.most = noNode, h.weights[:0], maxCuts
	if s.thrifty {
		h.most = maxExact
	}
	var seen common
	for j := i; j < len(s.cells); j++ {
		at, ok := seen.add(s.cells[j], j)
		if !ok {
			return
		}
		if s.alias != noNode && j == len(s.cells)-1 {
			at = j
		}
		rest := s.cells[at].to
		if !s.extend(h, i, j, rest) {
			if seen.wide {
				return
			}
			continue
		}
		cost := h.cost(s.sums[j+1]-s.sums[i]) + s.aliased(i, j, rest)
		s.offer(i, j, cost, method{byCuts, uint16(at)})
	}
}

// extend makes h the cuts of i..j around rest, given that it is one of i..j-1.
func (s *searcher) extend(h *cuts, i, j int, rest nodeID) bool {
	from := j
	if h.rest != rest {
		h.rest, h.weights, from = rest, h.weights[:0], i
	}
	for _, c := range s.cells[from : j+1] {
		if !s.same(c, rest) && !h.add(c) {
			h.rest = noNode
			return false
		}
	}
	return true
}

// aliased is what the detour over the last cell's node costs those in i..j who
// could go straight.
func (s *searcher) aliased(i, j int, rest nodeID) (cost int64) {
	if s.alias == noNode || rest != s.cells[len(s.cells)-1].to {
		return 0
	}
	for _, c := range s.cells[i : j+1] {
		if c.to == s.alias {
			cost += c.weight
		}
	}
	return cost
}

// common counts targets to find the commonest.
type common struct {
	to    [8]nodeID
	at    [8]int // a cell with that target
	count [8]int
	n     int
	wide  bool // a cell of several values came
	best  int
}

// add returns a cell with the target that the rest must have after c, which is
// the cell at: that of the cells with several values, else the commonest. It is
// false where there is none.
func (m *common) add(c cell, at int) (int, bool) {
	i := m.index(c.to, at)
	if i < 0 || m.wide && !c.single() && i != m.best {
		return 0, false
	}
	m.count[i]++
	switch {
	case m.wide:
	case !c.single():
		m.wide, m.best = true, i
	case m.count[i] > m.count[m.best]:
		m.best = i
	}
	return m.at[m.best], true
}

// index finds or makes the place of a target, -1 if there are too many.
func (m *common) index(to nodeID, at int) int {
	for i := range m.n {
		if m.to[i] == to {
			return i
		}
	}
	if m.n == len(m.to) {
		return -1
	}
	m.to[m.n], m.at[m.n] = to, at
	m.n++
	return m.n - 1
}
