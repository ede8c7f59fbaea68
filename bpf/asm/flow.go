package asm

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// facts is what is known of a call when an instruction runs, whichever path
// led there.
type facts struct {
	reached   bool
	arches    few[uint32] // the only audit arches that it may have
	calls     few[pair]   // the only calls that it may be
	low, high uint32      // nr is within
	a, x      content     // of the registers
	m         *scratch    // nil if nothing is known of it; shared, never changed
}

// scratch is what the scratch words hold.
type scratch [bpf.MEMWORDS]content

// pair is a call: an audit arch and a number.
type pair struct{ audit, nr uint32 }

// content is what a register holds: a word of seccomp_data, perhaps masked.
type content struct {
	known  bool
	offset uint8  // of the word, a multiple of 4 below 64
	mask   uint32 // what was and-ed to it
}

// flow finds the facts at each instruction. Jumps only lead forward, so one
// pass in order sees each instruction after all that lead to it. All calls are
// taken to be of arch, if that is not nil.
func flow(p bpf.Program, arch *abi.Arch) []facts {
	at := make([]facts, len(p))
	if len(p) == 0 {
		return at
	}
	at[0] = facts{reached: true, high: ^uint32(0), arches: anything[uint32](), calls: anything[pair]()}
	if arch != nil {
		at[0].arches = few[uint32]{}
		at[0].arches.add(arch.Audit)
	}
	for pc := range p {
		if at[pc].reached {
			step(p, at, pc)
		}
	}
	return at
}

// step carries the facts at pc on to the instructions that may run next.
func step(p bpf.Program, at []facts, pc int) {
	in, here, next := p[pc], &at[pc], uint64(pc)+1
	op := lookup(in.Code)
	switch {
	case op.operand == jump:
		join(at, next+uint64(in.K), here)
	case op.operand == testX:
		join(at, next+uint64(in.Jt), here)
		join(at, next+uint64(in.Jf), here)
	case op.operand == testK:
		yes, no := *here, *here
		yes.learn(op.name, in.K, true)
		no.learn(op.name, in.K, false)
		join(at, next+uint64(in.Jt), &yes)
		join(at, next+uint64(in.Jf), &no)
	case op.name == "ret":
	default:
		then := *here
		then.run(op, in)
		join(at, next, &then)
	}
}

// run changes the registers' contents as an instruction does.
func (f *facts) run(op *opcode, in bpf.Instruction) {
	switch {
	case in.Code == bpf.LD|bpf.W|bpf.ABS:
		f.a = content{}
		if in.K < bpf.SizeData && in.K%4 == 0 {
			f.a = content{known: true, offset: uint8(in.K), mask: ^uint32(0)}
		}
	case op.name == "and" && op.operand == literal:
		f.a.mask &= in.K
	case op.name == "tax":
		f.x = f.a
	case op.name == "txa":
		f.a = f.x
	case op.operand == memory && in.K < bpf.MEMWORDS:
		f.runMemory(op.name, in)
	case op.name == "ldx", op.name == "ldxb":
		f.x = content{}
	case op.name == "st", op.name == "stx":
	default:
		f.a = content{}
	}
}

// runMemory carries what is known to a scratch word, or from it.
func (f *facts) runMemory(name string, in bpf.Instruction) {
	switch {
	case name == "st":
		f.m = f.m.with(in.K, f.a)
	case name == "stx":
		f.m = f.m.with(in.K, f.x)
	case in.Class() == bpf.LDX:
		f.x = f.m.word(in.K)
	default:
		f.a = f.m.word(in.K)
	}
}

// word is what is known of M[k].
func (m *scratch) word(k uint32) content {
	if m == nil || k >= bpf.MEMWORDS {
		return content{}
	}
	return m[k]
}

// with is m with another content of M[k].
func (m *scratch) with(k uint32, c content) *scratch {
	if m.word(k) == c {
		return m
	}
	next := new(scratch)
	if m != nil {
		*next = *m
	}
	next[k] = c
	return next
}

// meet is what m and other agree on.
func (m *scratch) meet(other *scratch) *scratch {
	switch {
	case m == other:
		return m
	case m == nil || other == nil:
		return nil
	}
	for k, c := range other {
		if m[k] != c {
			m = m.with(uint32(k), content{})
		}
	}
	return m
}

// learn adds what the outcome of a test tells about the call. A test that
// cannot come out so leaves nothing: that path is never taken.
func (f *facts) learn(test string, k uint32, holds bool) {
	if !f.a.known || f.a.mask != ^uint32(0) {
		return
	}
	switch f.a.offset {
	case bpf.OffArch:
		f.learnArch(test, k, holds)
	case bpf.OffNr:
		f.learnNr(test, k, holds)
		f.calls.keep(func(c pair) bool { return f.low <= c.nr && c.nr <= f.high && (test != "jeq" || (c.nr == k) == holds) })
	default:
		return
	}
	f.single()
	if f.arches.empty() || f.calls.empty() || f.low > f.high {
		f.reached = false
	}
}

// learnArch narrows the audit arches.
func (f *facts) learnArch(test string, k uint32, holds bool) {
	if test != "jeq" {
		return
	}
	if holds && f.arches.any {
		f.arches = few[uint32]{}
		f.arches.add(k)
	}
	f.arches.keep(func(audit uint32) bool { return (audit == k) == holds })
	f.calls.keep(func(c pair) bool { return (c.audit == k) == holds })
}

// single names the calls if nr is known and so are the arches.
func (f *facts) single() {
	if f.low != f.high || f.arches.any || !f.calls.any {
		return
	}
	f.calls = few[pair]{}
	for _, audit := range f.arches.all() {
		f.calls.add(pair{audit, f.low})
	}
}

// learnNr narrows the range of nr.
func (f *facts) learnNr(test string, k uint32, holds bool) {
	switch {
	case test == "jeq" && holds:
		f.bound(k, k)
	case test == "jeq":
		f.exclude(k)
	case test == "jgt" && holds:
		f.above(k)
	case test == "jgt":
		f.bound(0, k)
	case test == "jge" && holds:
		f.bound(k, ^uint32(0))
	case test == "jge":
		f.below(k)
	}
}

// bound keeps the numbers from low to high.
func (f *facts) bound(low, high uint32) { f.low, f.high = max(f.low, low), min(f.high, high) }

// above keeps the numbers greater than k.
func (f *facts) above(k uint32) {
	if k == ^uint32(0) {
		f.bound(1, 0)
		return
	}
	f.bound(k+1, ^uint32(0))
}

// below keeps the numbers less than k.
func (f *facts) below(k uint32) {
	if k == 0 {
		f.bound(1, 0)
		return
	}
	f.bound(0, k-1)
}

// exclude drops a number at an end of the range.
func (f *facts) exclude(k uint32) {
	switch k {
	case f.low:
		f.above(k)
	case f.high:
		f.below(k)
	}
}

// join brings facts to the instruction at pc, keeping what every path agrees on.
func join(at []facts, pc uint64, from *facts) {
	if pc >= uint64(len(at)) || !from.reached {
		return
	}
	to := &at[pc]
	if !to.reached {
		*to = *from
		return
	}
	to.arches.unite(&from.arches)
	to.calls.unite(&from.calls)
	to.low, to.high = min(to.low, from.low), max(to.high, from.high)
	if to.a != from.a {
		to.a = content{}
	}
	if to.x != from.x {
		to.x = content{}
	}
	to.m = to.m.meet(from.m)
}

// agree returns the text that every call that may run here gives, "" if they
// differ, one has none, or it is not known which calls may run.
func (f *facts) agree(text func(*abi.Arch, *abi.Syscall) string) string {
	return agree(&f.calls, func(c pair) string {
		if arch, ok := abi.ByAudit(c.audit, c.nr); ok {
			if call, ok := arch.Number(c.nr); ok {
				return text(arch, call)
			}
		}
		return ""
	})
}

// order returns the byte order of the arches: little endian if they are not
// known or not of one kind.
func (f *facts) order() bpf.ByteOrder {
	big := agree(&f.arches, func(audit uint32) string { return bpf.OrderOf(audit).String() })
	return big == bpf.BigEndian.String()
}
