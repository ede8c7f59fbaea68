package compile

// cuts is what is cut out of an interval that grows to the right.
type cuts struct {
	rest    nodeID
	weights []int64 // of the single values, descending
}

// add cuts c out; it is false where c cannot be.
func (h *cuts) add(c cell) bool {
	if !c.single() || len(h.weights) == maxCuts {
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
	var scratch [maxCuts]int64
	h := cuts{rest: noNode, weights: scratch[:0]}
	var seen common
	for j := i; j < len(s.cells); j++ {
		rest, ok := seen.add(s.cells[j])
		if !ok {
			return
		}
		if s.alias != noNode && j == len(s.cells)-1 {
			rest = s.cells[j].to
		}
		if !s.extend(&h, i, j, rest) {
			if seen.wide {
				return
			}
			continue
		}
		cost := h.cost(s.sums[j+1]-s.sums[i]) + s.aliased(i, j, rest)
		s.offer(i, j, cost, method{kind: byCuts, to: rest})
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
	count [8]int
	n     int
	wide  bool // a cell of several values came
	best  int
}

// add returns what the rest must be after c: the target of the cells
// with several values, else the commonest. It is false where there is none.
func (m *common) add(c cell) (nodeID, bool) {
	i := m.index(c.to)
	if i < 0 || m.wide && !c.single() && i != m.best {
		return noNode, false
	}
	m.count[i]++
	switch {
	case m.wide:
	case !c.single():
		m.wide, m.best = true, i
	case m.count[i] > m.count[m.best]:
		m.best = i
	}
	return m.to[m.best], true
}

// index finds or makes the place of a target, -1 if there are too many.
func (m *common) index(to nodeID) int {
	for i := range m.n {
		if m.to[i] == to {
			return i
		}
	}
	if m.n == len(m.to) {
		return -1
	}
	m.to[m.n] = to
	m.n++
	return m.n - 1
}
