package compile

import (
	"math/bits"
	"slices"

	"github.com/narrow-sandbox/narrow/bpf"
)

// counts is the counted calls, by audit arch and number.
type counts struct {
	calls []Weight
	total uint64
	sums  []uint64 // sums[i] is the count of all calls before i
}

// newCounts sorts the calls. The counts are halved until their sum fits.
func newCounts(weights []Weight) *counts {
	c := &counts{calls: slices.Clone(weights), sums: make([]uint64, 1, len(weights)+1)}
	slices.SortStableFunc(c.calls, func(a, b Weight) int { return compareCalls(&a.Call, b.Call.Arch, b.Call.Nr) })
	var most uint64
	for _, w := range weights {
		most = max(most, w.Count)
	}
	shift := max(0, bits.Len64(most)+bits.Len(uint(len(weights)))-64)
	for i := range c.calls {
		c.calls[i].Count >>= shift
		c.total += c.calls[i].Count
		c.sums = append(c.sums, c.total)
	}
	return c
}

func compareCalls(d *bpf.Data, audit, nr uint32) int {
	if d.Arch != audit {
		return compare(int64(d.Arch), int64(audit))
	}
	return compare(int64(d.Nr), int64(nr))
}

// at returns where the calls with an audit arch and numbers from nr on begin.
func (c *counts) at(audit, nr uint32) int {
	i, _ := slices.BinarySearchFunc(c.calls, nr, func(w Weight, nr uint32) int { return compareCalls(&w.Call, audit, nr) })
	return i
}

// upTo returns where the calls with an audit arch and numbers up to nr end.
func (c *counts) upTo(audit, nr uint32) int {
	if nr != maxWord {
		return c.at(audit, nr+1)
	}
	if audit != maxWord {
		return c.at(audit+1, 0)
	}
	return len(c.calls)
}

// of returns the count of an audit arch.
func (c *counts) of(audit uint32) uint64 {
	return c.sums[c.upTo(audit, maxWord)] - c.sums[c.at(audit, 0)]
}

// share is the part of the weight of all calls that count is of total.
func (c *counts) share(count, total uint64) int64 {
	if total == 0 {
		return 0
	}
	hi, lo := bits.Mul64(count, uint64(countedWeight))
	q, _ := bits.Div64(hi, lo, total) // count <= total, so hi < total
	return int64(q)
}

// weights gives numbers of one architecture their weight.
type weights struct {
	span         // the numbers of the table
	each   int64 // of these
	counts *counts
	audit  uint32
}

// weightsOf returns the weights of a table's numbers: all the same, or by what
// was counted of this audit arch.
func (c *compiler) weightsOf(t *table) weights {
	low, high := uint32(maxWord), t.arch.Last()
	calls := t.arch.Calls()
	for i := range calls {
		low = min(low, calls[i].Nr)
	}
	low = min(low, high)
	each := guessedWeight / (int64(high-low) + 1)
	if c.counts.of(t.arch.Audit) > 0 {
		each /= 16
	}
	return weights{span{low, high}, each, c.counts, t.arch.Audit}
}

// of returns the weight of some numbers.
func (w weights) of(s span) int64 {
	first, last := w.counts.at(w.audit, s.low), w.counts.upTo(w.audit, s.high)
	counted := w.counts.share(w.counts.sums[last]-w.counts.sums[first], w.counts.of(w.audit))
	low, high := max(s.low, w.low), min(s.high, w.high)
	if low > high {
		return counted
	}
	return counted + w.each*(int64(high-low)+1)
}

// hot returns the numbers that are met more often than one time in twice
// hotPart, ascending.
func (w weights) hot(s span) (numbers []uint32) {
	calls := w.counts.calls[w.counts.at(w.audit, s.low):w.counts.upTo(w.audit, s.high)]
	limit := w.counts.of(w.audit) / (2 * hotPart)
	for i := 0; i < len(calls); {
		nr, count := calls[i].Call.Nr, uint64(0)
		for ; i < len(calls) && calls[i].Call.Nr == nr; i++ {
			count += calls[i].Count
		}
		if count > limit {
			numbers = append(numbers, nr)
		}
	}
	return numbers
}

// follow takes the counted calls of a table through the diagrams of their runs,
// so that these know how often each arm is taken.
func (c *compiler) follow(t *table) {
	order := bpf.OrderOf(t.arch.Audit)
	of := c.counts.of(t.arch.Audit)
	for _, r := range t.runs {
		if r.decision < 0 {
			continue
		}
		for _, w := range c.counts.calls[c.counts.at(t.arch.Audit, r.low):c.counts.upTo(t.arch.Audit, r.high)] {
			c.take(r.decision, &w.Call, order, c.counts.share(w.Count, of))
		}
	}
}

// take adds a weight to the arms that a call takes.
func (d *coder) take(id diagramID, call *bpf.Data, order bpf.ByteOrder, weight int64) {
	for id >= 0 {
		n := &d.nodes[id]
		value := call.Word(n.word.offset, order) & n.word.mask
		i, _ := slices.BinarySearchFunc(n.arms, value, func(a arm, v uint32) int { return compare(int64(a.high), int64(v)) })
		if d.taken[id] == nil {
			d.taken[id] = make([]int64, len(n.arms))
		}
		d.taken[id][i] += weight
		id = n.arms[i].to
	}
}

// diagramWeight is what a step in all calls that come to a diagram costs. It is
// more than these calls' part of all, as their own speed counts too: half of it
// is for the arm of zero, the rest for the others alike.
const diagramWeight = 8 * one

// weightOf returns the weight of a diagram's i-th arm.
func (d *coder) weightOf(id diagramID, i int) int64 {
	weight := int64(diagramWeight / 2)
	if i > 0 {
		weight /= int64(len(d.nodes[id].arms) - 1)
	}
	if taken := d.taken[id]; taken != nil {
		return weight/16 + taken[i]
	}
	return weight
}
