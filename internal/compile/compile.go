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
	return c.g.load(offsetArch, c.search(cells, maxWord))
}

// archWeight is the cost of a step in all programs of the first architecture;
// each later one has half of it.
const archWeight = 16 * one

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
	own := c.lower(a, other)
	if a.Arch.Sharing() == nil {
		return c.g.load(offsetNumber, c.tree(own, a.Arch, maxWord))
	}
	clear, set := c.tree(own, a.Arch, maxWord&^x32Bit), c.g.ret(action(c.rules.Else))
	if j := c.shares(i); j != i {
		b := c.rules.Arches[j]
		set = c.tree(c.lower(b, other), b.Arch, maxWord)
	}
	if a.Arch.NumberBit != 0 {
		clear, set = set, clear
	}
	return c.g.load(offsetNumber, c.g.test(opBits, x32Bit, set, clear))
}

// x32Bit tells x32's numbers from x86_64's (__X32_SYSCALL_BIT).
const x32Bit = 1 << 30

// other marks runs that belong to another ABI; the bit test before has sent
// these elsewhere.
const other diagramID = -1 << 31

// tree returns the code that finds a call's run and decides it.
func (c *compiler) tree(runs []run, a *abi.Arch, mask uint32) nodeID {
	w := uniform(a)
	var cells []cell
	for _, r := range runs {
		if r.decision != other {
			cells = append(cells, cell{r.low, r.high, c.code(r.decision, nothing), w.of(r.span)})
		}
	}
	return c.search(cells, maxWord)
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
