package verify

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// Part is calls of one number that one argument tells from all others: by some
// bits of it, or else by the ranges in which it is.
type Part struct {
	Register int
	Arg      *abi.Arg // the argument in it, if it is as wide as what is looked at
	Bits     int      // of the register that are looked at, the low ones

	Mask   uint64         // if not 0: the calls where register & Mask == Value, or
	Value  uint64         //
	Not    bool           // where it is not
	Ranges []policy.Range // else: ascending
}

// maxRanges bounds what is listed of a part: beyond, nobody would read it.
const maxRanges = 16

// part is the part that a set of calls of one number is, nil if it depends on
// more than one register, or has too many ranges.
func (s *space) part(a *abi.Arch, call *abi.Syscall, set node) *Part {
	f := s.within1(s.within1(set, wordArch, a.Audit), wordNr, call.Nr)
	if a.Register == 32 {
		f = s.without(f, map[node]node{})
	}
	p := parter{space: s, part: Part{Register: -1}}
	p.support(f, map[node]bool{})
	if p.part.Register < 0 || p.part.Register == fieldIP || p.other || s.stopped != "" {
		return nil
	}
	p.widen(a, call)
	p.visit(f, p.part.Bits-1, 0)
	switch {
	case !p.other && p.fewValues():
		return &p.part
	case p.cube(f, yes) || p.cube(f, no):
		p.part.Ranges = nil
		return &p.part
	case p.other:
		return nil
	}
	return &p.part
}

// widen takes as many bits as the argument has in the register, if none beyond
// counts, else all of the register.
func (p *parter) widen(a *abi.Arch, call *abi.Syscall) {
	for i := range call.Args {
		g := &call.Args[i]
		if int(g.Reg) == p.part.Register && g.High < 0 && !g.Pointer && p.part.Bits <= int(g.Bits) {
			p.part.Arg, p.part.Bits = g, int(g.Bits)
			return
		}
	}
	p.part.Bits = a.Register
}

// fewValues reports whether the ranges are a few single values, which read
// best one by one.
func (p *parter) fewValues() bool {
	const few = 8
	for _, r := range p.part.Ranges {
		if r.Low != r.High {
			return false
		}
	}
	return len(p.part.Ranges) <= few
}

// cube reports whether a set is that of the calls in which some bits, not all,
// have a value, or have not: whether one path alone leads to end.
func (p *parter) cube(f, end node) bool {
	mask, value := uint64(0), uint64(0)
	for f != end {
		v := p.nodes[f]
		if v.level == leafLevel {
			return false
		}
		bit := uint64(1) << p.bit(v.level)
		mask |= bit
		switch other := no + yes - end; other {
		case v.low:
			value |= bit
			f = v.high
		case v.high:
			f = v.low
		default:
			return false
		}
	}
	p.part.Mask, p.part.Value, p.part.Not = mask, value, end == no
	return true
}

// without is f for registers whose high half is 0.
func (s *space) without(f node, known map[node]node) node {
	if r, ok := known[f]; ok {
		return r
	}
	v := s.nodes[f]
	if v.level == leafLevel {
		return f
	}
	r := s.without(v.low, known)
	if word, _ := s.layout.place(v.level); word%2 == 1 {
		r = s.make(v.level, r, s.without(v.high, known))
	}
	known[f] = r
	return r
}

// parter finds a part.
type parter struct {
	*space
	part  Part
	other bool // it is none
}

// support notes which register a set depends on, and on how many bits of it.
func (p *parter) support(f node, seen map[node]bool) {
	v := p.nodes[f]
	if v.level == leafLevel || seen[f] || p.other {
		return
	}
	seen[f] = true
	word, _ := p.layout.place(v.level)
	field := (word - 2) / 2
	if p.part.Register < 0 {
		p.part.Register = field
	}
	p.other = word <= wordNr || field != p.part.Register
	p.part.Bits = max(p.part.Bits, p.bit(v.level)+1)
	p.support(v.low, seen)
	p.support(v.high, seen)
}

// visit lists the values that begin with base, of which bit is the next.
func (p *parter) visit(f node, bit int, base uint64) {
	switch {
	case f == no || p.other:
		return
	case f == yes:
		p.add(base, base|(1<<(bit+1)-1))
		return
	}
	low, high := f, f
	if v := p.nodes[f]; p.bit(v.level) == bit {
		low, high = v.low, v.high
	}
	p.visit(low, bit-1, base)
	p.visit(high, bit-1, base|1<<bit)
}

// bit is which of the register's bits a level is.
func (p *parter) bit(level uint32) int {
	word, bit := p.layout.place(level)
	if word%2 == 0 {
		return bit + 32
	}
	return bit
}

func (p *parter) add(low, high uint64) {
	n := len(p.part.Ranges)
	if n > 0 && p.part.Ranges[n-1].High+1 == low {
		p.part.Ranges[n-1].High = high
		return
	}
	p.other = n == maxRanges
	p.part.Ranges = append(p.part.Ranges, policy.Range{Low: low, High: high})
}
