package compile

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Options tune the result. No option changes a verdict.
type Options struct{}

// Compile returns the program for r: short, quick and the same on every
// machine. The errors are *RulesError and *SizeError. r is only read.
func Compile(r *policy.Rules, o Options) (bpf.Program, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	c := &compiler{rules: r, coder: newCoder(newDiagrams(), newGraph(256))}
	p := program(c.g, c.root())
	if len(p) > maxInstructions {
		return nil, &SizeError{Instructions: len(p)}
	}
	return p, nil
}

// compiler is one call of Compile.
type compiler struct {
	*coder
	rules *policy.Rules
}

// The offsets of the first words of seccomp_data (linux/seccomp.h).
const (
	offsetNumber = 0
	offsetArch   = 4
)

// root returns the code of the whole program: which audit arch, and what then.
func (c *compiler) root() nodeID {
	other := c.g.ret(action(c.rules.Else))
	cells := []cell{{0, maxWord, other, 0}}
	weight := archWeight
	for i, a := range c.rules.Arches {
		if c.shares(i) < i {
			continue
		}
		cells = cut(cells, cell{a.Arch.Audit, a.Arch.Audit, c.arch(i), weight})
		weight /= 2
	}
	return c.g.load(offsetArch, c.search(cells, maxWord).root)
}

// archWeight is the cost of a step in all programs of the first architecture;
// each later one has half of it.
const archWeight = 24 * one

// cut puts one value into cells that do not have it yet.
func cut(cells []cell, v cell) []cell {
	var out []cell
	for _, c := range cells {
		if v.low < c.low || v.low > c.high {
			out = append(out, c)
			continue
		}
		if v.low > c.low {
			out = append(out, cell{c.low, v.low - 1, c.to, 0})
		}
		out = append(out, v)
		if v.low < c.high {
			out = append(out, cell{v.low + 1, c.high, c.to, 0})
		}
	}
	return out
}

// shares returns the index of the ABI in the policy that has the same audit
// arch as the i-th, or i.
func (c *compiler) shares(i int) int {
	for j, b := range c.rules.Arches {
		if j != i && b.Arch.Audit == c.rules.Arches[i].Arch.Audit {
			return j
		}
	}
	return i
}

// arch returns the code of the i-th architecture and of the one that shares its
// audit arch.
func (c *compiler) arch(i int) nodeID {
	a := c.rules.Arches[i]
	own := c.cells(a)
	if a.Arch.Sharing() == nil {
		return c.g.load(offsetNumber, c.search(own, maxWord).root)
	}
	var shared []cell
	if j := c.shares(i); j != i {
		shared = c.cells(c.rules.Arches[j])
	} else {
		shared = []cell{{0, maxWord, c.g.ret(action(c.rules.Else)), 0}}
	}
	if a.Arch.NumberBit != 0 {
		own, shared = shared, own
	}
	return c.g.load(offsetNumber, c.numberBit(own, shared))
}

// x32Bit tells x32's numbers from x86_64's (__X32_SYSCALL_BIT).
const x32Bit = 1 << 30

// numberBit returns the code of two ABIs, told apart by a bit of the number. It
// is tested first only if it must: where all boundaries of the one without the
// bit are below it, numbers with the bit all come to that one's last run, and
// only there need the bit be tested.
func (c *compiler) numberBit(clear, set []cell) nodeID {
	other := c.search(set, maxWord).root
	last := &clear[len(clear)-1]
	if last.low > x32Bit {
		return c.g.test(opBits, x32Bit, other, c.search(clear, maxWord&^x32Bit).root)
	}
	alias := last.to
	last.to = c.g.test(opBits, x32Bit, other, alias)
	last.high = maxWord
	for _, s := range set {
		last.weight += s.weight
	}
	return c.searchTail(clear, maxWord, alias).root
}

// cells returns what decides each of an architecture's own numbers, ascending;
// numbers of another ABI are in none.
func (c *compiler) cells(a *policy.ArchRules) []cell {
	w := uniform(a.Arch)
	var cells []cell
	for _, r := range c.lower(a) {
		cells = append(cells, cell{r.low, r.high, c.code(r.decision, nothing), w.of(r.span)})
	}
	return merge(cells)
}

// weights gives each number of a table the same weight.
type weights struct {
	span
	each int64
}

func uniform(a *abi.Arch) weights {
	calls := a.Calls()
	low, high := uint32(maxWord), a.Last()
	for i := range calls {
		low = min(low, calls[i].Nr)
	}
	if low > high {
		return weights{span{0, 0}, archWeight}
	}
	return weights{span{low, high}, archWeight / int64(high-low+1)}
}

// of returns the weight of some numbers.
func (w weights) of(s span) int64 {
	low, high := max(s.low, w.low), min(s.high, w.high)
	if low > high {
		return 0
	}
	return w.each * int64(high-low+1)
}
