package compile

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Options tune the result. No option changes a verdict.
type Options struct {
	// Weights are calls and how often each was counted, such as those of a
	// trace: the more often, the fewer steps. Calls that are not among them
	// count a little, too. If there are none, all numbers of an architecture's
	// table weigh the same.
	Weights []Weight
}

// Weight says how often a call was made.
type Weight struct {
	Call  bpf.Data
	Count uint64
}

// Compile returns the program for r: short, quick and the same on every
// machine. The errors are *RulesError and *SizeError. r is only read.
func Compile(r *policy.Rules, o Options) (bpf.Program, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	p := assemble(r, o, false)
	if len(p) > maxInstructions {
		p = assemble(r, o, true)
	}
	if len(p) > maxInstructions {
		return nil, &SizeError{Instructions: len(p)}
	}
	return p, nil
}

// assemble makes the program, however long. If thrifty, steps cost nothing, and
// so it is as short as can be.
func assemble(r *policy.Rules, o Options, thrifty bool) bpf.Program {
	c := &compiler{rules: r, coder: newCoder(newDiagrams(), newGraph(256)), counts: newCounts(o.Weights)}
	c.searcher.thrifty, c.diagrams.thrifty = thrifty, thrifty
	return program(c.g, c.root())
}

// compiler is one call of Compile.
type compiler struct {
	*coder
	rules  *policy.Rules
	counts *counts
}

// The offsets of the first words of seccomp_data (linux/seccomp.h).
const (
	offsetNumber = bpf.OffNr
	offsetArch   = bpf.OffArch
)

// What a step costs in all calls of an architecture together, against an
// instruction, which costs one: if it is guessed that all numbers are as
// frequent, and if it is known which are.
const (
	guessedWeight = 24 * one
	countedWeight = 96 * one
)

// root returns the code of the whole program: which audit arch, and what then.
func (c *compiler) root() nodeID {
	entries := c.entries(c.tables())
	weight := guessedWeight
	other := c.g.ret(action(c.rules.Else))
	cells := []cell{{low: 0, high: maxWord, to: other}}
	for _, e := range entries {
		for _, audit := range e.audits {
			cells = cut(cells, cell{low: audit, high: audit, to: e.code,
				weight: weight + c.counts.share(c.counts.of(audit), c.counts.total)})
			weight /= 2
		}
	}
	return c.g.load(offsetArch, c.search(cells, maxWord).root)
}

// cut puts one value into cells that do not have it yet.
func cut(cells []cell, v cell) []cell {
	var out []cell
	for _, c := range cells {
		if v.low < c.low || v.low > c.high {
			out = append(out, c)
			continue
		}
		if v.low > c.low {
			out = append(out, cell{low: c.low, high: v.low - 1, to: c.to})
		}
		out = append(out, v)
		if v.low < c.high {
			out = append(out, cell{low: v.low + 1, high: c.high, to: c.to})
		}
	}
	return out
}
