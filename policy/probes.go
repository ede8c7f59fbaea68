package policy

import (
	"iter"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Probes are calls at the edges of the rules, where a wrong filter would be
// wrong: each number at which something changes, its neighbours, and for each
// rule there arguments at, below and above every boundary of its conditions,
// with each masked bit turned round and with garbage in the bits that the
// condition must not read; besides them calls by other ABIs. They are always
// the same, in the same order, the coarse before the fine, at most limit.
func (r *Rules) Probes(limit int) iter.Seq[bpf.Data] {
	return func(yield func(bpf.Data) bool) {
		left := limit
		out := func(d bpf.Data) bool {
			left--
			return left >= 0 && yield(d)
		}
		probers := make([]prober, len(r.Arches))
		for i, a := range r.Arches {
			probers[i] = prober{a, map[*RuleMatch]bpf.Data{}}
		}
		for _, pass := range []func(prober, func(bpf.Data) bool) bool{prober.probeNumbers, prober.probeRules, prober.probeEdges, prober.probePairs} {
			for _, p := range probers {
				if !pass(p, out) {
					return
				}
			}
		}
		r.probeOthers(out)
	}
}

// prober makes the probes of one architecture.
type prober struct {
	*ArchRules
	bases map[*RuleMatch]bpf.Data // as far as they were asked for
}

// base is a call that fits a rule, with 0 wherever that is open.
func (p prober) base(m *RuleMatch) bpf.Data {
	d, ok := p.bases[m]
	if !ok {
		args, _ := fit(m.Conds)
		d = bpf.Data{Nr: uint32(m.Numbers[0].Low), Arch: p.Arch.Audit, Args: args}
		p.bases[m] = d
	}
	return d
}

// edges is every number where a rule begins or ends, and its neighbours.
func (a *ArchRules) edges() []uint32 {
	var out []uint32
	add := func(nr uint64) {
		if nr <= 1<<32-1 {
			out = append(out, uint32(nr))
		}
	}
	for _, l := range a.Lists {
		for _, m := range l {
			for _, n := range m.Numbers {
				for _, nr := range [...]uint64{n.Low - 1, n.Low, n.High, n.High + 1} {
					add(nr)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// probeNumbers makes a call of each number without and with arguments.
func (p prober) probeNumbers(yield func(bpf.Data) bool) bool {
	for _, nr := range p.edges() {
		for _, arg := range [...]uint64{0, ^uint64(0)} {
			d := bpf.Data{Nr: nr, Arch: p.Arch.Audit, Args: [6]uint64{arg, arg, arg, arg, arg, arg}}
			if !yield(d) {
				return false
			}
		}
	}
	return true
}

// eachRule visits the rules that have conditions.
func (a *ArchRules) eachRule(visit func(m *RuleMatch) bool) bool {
	for _, l := range a.Lists {
		for _, m := range l {
			if len(m.Conds) > 0 && len(m.Numbers) > 0 && !visit(m) {
				return false
			}
		}
	}
	return true
}

// probeRules makes for each rule a call that fits, plain and with garbage in
// all bits that no condition reads.
func (p prober) probeRules(yield func(bpf.Data) bool) bool {
	return p.eachRule(func(m *RuleMatch) bool {
		d := p.base(m)
		if !yield(d) {
			return false
		}
		read := m.readBits()
		for i := range d.Args {
			d.Args[i] |= garbage &^ read[i]
		}
		return yield(d)
	})
}

// garbage is what a program may leave in bits that the kernel ignores.
const garbage = 0xdeadbeef_a5a5a5a5

// readBits is the bits of each register that the conditions look at.
func (m *RuleMatch) readBits() (read [6]uint64) {
	for i := range m.Conds {
		c := &m.Conds[i]
		if c.Operand.High >= 0 {
			read[c.Operand.Reg] |= c.Mask & 0xffffffff
			read[c.Operand.High] |= c.Mask >> 32
			continue
		}
		read[c.Operand.Reg] |= c.Mask
	}
	return read
}

// probeEdges varies one condition of a rule at a time, the others holding.
func (p prober) probeEdges(yield func(bpf.Data) bool) bool {
	return p.eachRule(func(m *RuleMatch) bool {
		base := p.base(m)
		for i := range m.Conds {
			for _, v := range m.Conds[i].edges() {
				d := base
				m.Conds[i].Operand.set(&d, v)
				if !yield(d) || !yield(withGarbage(d, &m.Conds[i])) {
					return false
				}
			}
		}
		return true
	})
}

// probePairs varies two conditions of one rule together, all others holding.
func (p prober) probePairs(yield func(bpf.Data) bool) bool {
	return p.eachRule(func(m *RuleMatch) bool {
		base := p.base(m)
		for i := range m.Conds {
			for j := range m.Conds[:i] {
				for _, v := range m.Conds[i].edges() {
					for _, w := range m.Conds[j].edges() {
						d := base
						m.Conds[i].Operand.set(&d, v)
						m.Conds[j].Operand.set(&d, w)
						if !yield(d) {
							return false
						}
					}
				}
			}
		}
		return true
	})
}

// edges is the values at which a condition could be wrong.
func (c *Cond) edges() []uint64 {
	all := ^uint64(0) >> (64 - c.Operand.Bits)
	values := []uint64{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, all, c.Mask, ^c.Mask}
	for _, r := range c.Ranges {
		values = append(values, r.Low-1, r.Low, r.Low+1, r.High-1, r.High, r.High+1, r.Low|^c.Mask, r.High|^c.Mask)
		for bit := uint64(1); bit != 0 && bit <= all; bit <<= 1 {
			if c.Mask != all && c.Mask&bit != 0 || bit == 1<<31 || bit == 1<<32 {
				values = append(values, r.Low^bit)
			}
		}
	}
	for i := range values {
		values[i] &= all
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// set puts a value where the operand is read; other bits stay.
func (o Operand) set(d *bpf.Data, v uint64) {
	if o.High >= 0 {
		d.Args[o.Reg] = d.Args[o.Reg]&^0xffffffff | v&0xffffffff
		d.Args[o.High] = d.Args[o.High]&^0xffffffff | v>>32
		return
	}
	all := ^uint64(0) >> (64 - o.Bits)
	d.Args[o.Reg] = d.Args[o.Reg]&^all | v&all
}

// probeOthers makes calls by ABIs that the rules are not for.
func (r *Rules) probeOthers(yield func(bpf.Data) bool) bool {
	audits := []uint32{0, 1, 0xffffffff, 0xc000003e ^ 1}
	for _, a := range abi.Arches() {
		audits = append(audits, a.Audit)
	}
	for _, audit := range audits {
		for _, nr := range [...]uint32{0, 1, 59, 435, 0x3fffffff, 0x40000000, 0x40000001, 0x400001ff, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff} {
			if !yield(bpf.Data{Nr: nr, Arch: audit}) {
				return false
			}
		}
	}
	return true
}

// withGarbage is a call with garbage above the bits that a condition reads.
func withGarbage(d bpf.Data, c *Cond) bpf.Data {
	reg := &d.Args[c.Operand.Reg]
	if c.Operand.High >= 0 || c.Operand.Bits == 64 {
		return d
	}
	*reg |= garbage &^ (1<<c.Operand.Bits - 1)
	return d
}
