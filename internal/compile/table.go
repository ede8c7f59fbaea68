package compile

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// table is what decides the numbers of one architecture.
type table struct {
	arch  *abi.Arch
	runs  []run
	cells []cell // of its own numbers only
}

// tables lowers the rules of all architectures, follows the counted calls
// through their diagrams, and then makes code of these.
func (c *compiler) tables() []table {
	tables := make([]table, len(c.rules.Arches))
	for i, a := range c.rules.Arches {
		tables[i] = table{arch: a.Arch, runs: c.lower(a)}
		c.follow(&tables[i])
	}
	for i := range tables {
		tables[i].cells = c.cells(&tables[i])
	}
	return tables
}

// cells returns the table's runs with their code and weight. Hot numbers are
// cells of their own.
func (c *compiler) cells(t *table) []cell {
	w := c.weightsOf(t)
	cells := make([]cell, 0, len(t.runs))
	for _, r := range t.runs {
		to := c.code(r.decision, nothing)
		add := func(low, high int64, hot bool) {
			if low <= high {
				s := span{uint32(low), uint32(high)}
				cells = append(cells, cell{low: s.low, high: s.high, to: to, weight: w.of(s), hot: hot})
			}
		}
		low := int64(r.low)
		for _, number := range w.hot(r.span) {
			nr := int64(number)
			add(low, nr-1, false)
			add(nr, nr, true)
			low = nr + 1
		}
		add(low, int64(r.high), false)
	}
	return merge(c.weighed(cells))
}

// entry is code for one audit arch, or for several whose tables are much alike.
type entry struct {
	audits []uint32
	code   nodeID
}

// entries returns the code for each audit arch, in the order of the policy.
func (c *compiler) entries(tables []table) []entry {
	var entries []entry
	var alone []*table
	for i := range tables {
		t := &tables[i]
		switch j := shares(c.rules, i); {
		case t.arch.Sharing() == nil:
			alone = append(alone, t)
		case j == i:
			entries = append(entries, c.shared(t, nil))
		case i < j:
			entries = append(entries, c.shared(t, &tables[j]))
		}
	}
	return append(entries, c.groups(alone)...)
}

// shares returns the index of the ABI in the policy that has the same audit
// arch as the i-th, or i.
func shares(r *policy.Rules, i int) int {
	for j, b := range r.Arches {
		if j != i && b.Arch.Audit == r.Arches[i].Arch.Audit {
			return j
		}
	}
	return i
}

// shared returns the code of an audit arch with two ABIs, of which the second
// may not be in the policy.
func (c *compiler) shared(a, b *table) entry {
	clear, set := a.cells, []cell{{low: 0, high: maxWord, to: c.g.ret(action(c.rules.Else))}}
	if b != nil {
		set = b.cells
	}
	if a.arch.NumberBit != 0 {
		clear, set = set, clear
	}
	return entry{[]uint32{a.arch.Audit}, c.g.load(offsetNumber, c.numberBit(clear, set))}
}

// x32Bit tells x32's numbers from x86_64's (__X32_SYSCALL_BIT).
const x32Bit = 1 << 30

// numberBit returns the code of two ABIs, told apart by a bit of the number. It
// is tested first only if it must: where all boundaries of the one without the
// bit are below it, numbers with the bit all come to that one's last run, and
// only there need the bit be tested.
func (c *compiler) numberBit(clear, set []cell) nodeID {
	weight := total(set)
	other := c.search(set, maxWord).root
	last := &clear[len(clear)-1]
	if last.low > x32Bit {
		return c.g.test(opBits, x32Bit, other, c.search(clear, maxWord&^x32Bit).root)
	}
	alias := last.to
	last.to = c.g.test(opBits, x32Bit, other, alias)
	last.high = maxWord
	last.weight += weight
	return c.searchTail(clear, maxWord, alias).root
}

// total is the weight of all cells.
func total(cells []cell) (weight int64) {
	for _, c := range cells {
		weight += c.weight
	}
	return weight
}
