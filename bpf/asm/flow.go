package asm

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// facts is what is known of a call when an instruction runs, whichever path
// led there: the meet of all of them.
type facts struct {
	reached   bool
	audit     uint32 // the audit arch, if archKnown
	archKnown bool
	low, high uint32            // nr is within
	some      uint8             // how many of calls hold; 0 if any nr within may be
	calls     [sameCalls]uint32 // the only numbers that nr may have
	a, x      content           // of the registers
}

// sameCalls bounds how many numbers are told apart where paths meet.
const sameCalls = 4

// content is what a register holds: a word of seccomp_data, perhaps masked.
type content struct {
	known  bool
	offset uint8  // of the word, a multiple of 4 below 64
	mask   uint32 // what was and-ed to it
}

// flow finds the facts at each instruction. Jumps only lead forward, so one
// pass in order sees each instruction after all that lead to it.
func flow(p bpf.Program) []facts {
	at := make([]facts, len(p))
	if len(p) == 0 {
		return at
	}
	at[0] = facts{reached: true, high: ^uint32(0)}
	for pc := range p {
		if at[pc].reached {
			step(p, at, pc)
		}
	}
	return at
}

// step carries the facts at pc on to the instructions that may run next.
func step(p bpf.Program, at []facts, pc int) {
	in, next := p[pc], at[pc]
	op := lookup(in.Code)
	switch {
	case op.operand == jump:
		join(at, uint64(pc)+1+uint64(in.K), &next)
	case op.operand == testK || op.operand == testX:
		yes, no := next, next
		if op.operand == testK {
			yes.learn(op.name, in.K, true)
			no.learn(op.name, in.K, false)
		}
		join(at, uint64(pc)+1+uint64(in.Jt), &yes)
		join(at, uint64(pc)+1+uint64(in.Jf), &no)
	case op.name == "ret":
	default:
		next.run(op, in)
		join(at, uint64(pc)+1, &next)
	}
}

// run changes the registers' contents as an instruction does.
func (f *facts) run(op opcode, in bpf.Instruction) {
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
	case op.name == "ldx", op.name == "ldxb":
		f.x = content{}
	case op.name == "st", op.name == "stx":
	default:
		f.a = content{}
	}
}

// learn adds what the outcome of a test tells about the call.
func (f *facts) learn(test string, k uint32, holds bool) {
	if !f.a.known || f.a.mask != ^uint32(0) {
		return
	}
	switch f.a.offset {
	case bpf.OffArch:
		if test == "jeq" && holds {
			f.audit, f.archKnown = k, true
		}
	case bpf.OffNr:
		f.learnNr(test, k, holds)
	}
}

// learnNr narrows the numbers that nr may have. A test that cannot come out so
// leaves an empty range: that path is never taken.
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
	f.drop()
}

// bound keeps the numbers from low to high.
func (f *facts) bound(low, high uint32) {
	f.low, f.high = max(f.low, low), min(f.high, high)
	if f.low > f.high {
		f.reached = false
	}
}

// above keeps the numbers greater than k.
func (f *facts) above(k uint32) {
	if k == ^uint32(0) {
		f.reached = false
		return
	}
	f.bound(k+1, ^uint32(0))
}

// below keeps the numbers less than k.
func (f *facts) below(k uint32) {
	if k == 0 {
		f.reached = false
		return
	}
	f.bound(0, k-1)
}

// exclude drops one number where that can be said: at an end of the range or
// among the ones told apart.
func (f *facts) exclude(k uint32) {
	switch {
	case f.low == k:
		f.above(k)
	case f.high == k:
		f.below(k)
	case f.some > 0:
		f.keep(func(nr uint32) bool { return nr != k })
	}
}

// drop removes told-apart numbers that fell out of the range, and tells a
// range of one number apart.
func (f *facts) drop() {
	if f.low == f.high {
		f.some, f.calls[0] = 1, f.low
		return
	}
	if f.some > 0 {
		f.keep(func(nr uint32) bool { return f.low <= nr && nr <= f.high })
	}
}

// keep keeps the told-apart numbers that fit.
func (f *facts) keep(fits func(uint32) bool) {
	n := uint8(0)
	for _, nr := range f.calls[:f.some] {
		if fits(nr) {
			f.calls[n] = nr
			n++
		}
	}
	f.some = n
	if n == 0 {
		f.reached = false
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
	to.archKnown = to.archKnown && from.archKnown && to.audit == from.audit
	to.low, to.high = min(to.low, from.low), max(to.high, from.high)
	to.unite(from)
	if to.a != from.a {
		to.a = content{}
	}
	if to.x != from.x {
		to.x = content{}
	}
}

// unite adds from's numbers to f's, or gives up telling them apart.
func (f *facts) unite(from *facts) {
	if f.some == 0 || from.some == 0 {
		f.some = 0
		return
	}
	for _, nr := range from.calls[:from.some] {
		switch {
		case f.may(nr):
		case f.some == sameCalls:
			f.some = 0
			return
		default:
			f.calls[f.some] = nr
			f.some++
		}
	}
}

// may reports whether nr is one of the told-apart numbers.
func (f *facts) may(nr uint32) bool {
	for _, have := range f.calls[:f.some] {
		if have == nr {
			return true
		}
	}
	return false
}

// call returns the call of that number on the arch that the facts know.
func (f *facts) call(nr uint32) (*abi.Syscall, *abi.Arch) {
	if !f.archKnown {
		return nil, nil
	}
	arch, ok := abi.ByAudit(f.audit, nr)
	if !ok {
		return nil, nil
	}
	call, _ := arch.Number(nr)
	return call, arch
}

// arch returns the arch that is known, whichever of two that share an audit
// arch, or nil.
func (f *facts) arch() *abi.Arch {
	if !f.archKnown {
		return nil
	}
	arch, _ := abi.ByAudit(f.audit, 0)
	return arch
}

// order returns the byte order of the arch, little endian if it is not known.
func (f *facts) order() bpf.ByteOrder {
	if !f.archKnown {
		return bpf.LittleEndian
	}
	return bpf.OrderOf(f.audit)
}
