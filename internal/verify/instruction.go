package verify

import "github.com/narrow-sandbox/narrow/bpf"

// file is the machine's registers, each a word that depends on the call:
// M[0..15], A, X. Those that are dead may be nil.
type file [bpf.MEMWORDS + 2]*word

const (
	indexA = bpf.MEMWORDS
	indexX = bpf.MEMWORDS + 1
)

// zeroed is the registers at the start.
func zeroed() file {
	var f file
	zero := constant(0)
	for i := range f {
		f[i] = zero
	}
	return f
}

// trim forgets the registers that are not in live.
func (f *file) trim(live registers) {
	for i := range f {
		if live>>i&1 == 0 {
			f[i] = nil
		}
	}
}

// source is what an ALU or JMP instruction uses beside A.
func (f *file) source(in bpf.Instruction) *word {
	if in.Src() == bpf.X {
		return f[indexX]
	}
	return constant(in.K)
}

// orders is the byte orders that a call may still be of.
type orders uint8

const (
	littleOnly orders = iota + 1
	bigOnly
	eitherOrder
)

// execute runs an instruction that neither jumps nor returns. The division by
// zero is the caller's.
func (s *space) execute(in bpf.Instruction, f *file, o orders) {
	switch in.Class() {
	case bpf.LD:
		f[indexA] = s.load(in, f, o)
	case bpf.LDX:
		f[indexX] = s.load(in, f, o)
	case bpf.ST:
		f[in.K%bpf.MEMWORDS] = f[indexA]
	case bpf.STX:
		f[in.K%bpf.MEMWORDS] = f[indexX]
	case bpf.ALU:
		f[indexA] = s.compute(in, f[indexA], f.source(in))
	case bpf.MISC:
		if in.MiscOp() == bpf.TXA {
			f[indexA] = f[indexX]
		} else {
			f[indexX] = f[indexA]
		}
	}
}

// load is what an LD or LDX reads.
func (s *space) load(in bpf.Instruction, f *file, o orders) *word {
	switch in.Mode() {
	case bpf.ABS:
		return s.data(in.K, o)
	case bpf.MEM:
		return f[in.K%bpf.MEMWORDS]
	case bpf.LEN:
		return constant(bpf.SizeData)
	}
	return constant(in.K)
}

// data is the word at an offset of struct seccomp_data. Which half of a
// 64-bit field comes first is the byte order.
func (s *space) data(offset uint32, o orders) *word {
	switch offset {
	case bpf.OffNr:
		return s.inputs[wordNr]
	case bpf.OffArch:
		return s.inputs[wordArch]
	}
	field := fieldIP
	if offset >= bpf.OffArgs {
		field = int(offset-bpf.OffArgs) / 8
	}
	little, big := s.inputs[lowWord(field)], s.inputs[highWord(field)]
	if offset%8 == 4 {
		little, big = big, little
	}
	switch o {
	case littleOnly:
		return little
	case bigOnly:
		return big
	}
	return s.chooseWord(s.little(), little, big)
}

// little is the calls on machines with the low byte first, which bit 30 of
// the audit arch tells: linux/audit.h, __AUDIT_ARCH_LE.
func (s *space) little() node { return s.input(wordArch, 30) }

// compute is the new A of an ALU instruction.
func (s *space) compute(in bpf.Instruction, a, b *word) *word {
	switch in.Op() {
	case bpf.ADD:
		return s.plus(a, b, no)
	case bpf.SUB:
		return s.less(a, b)
	case bpf.MUL:
		if _, ok := a.isConstant(); ok {
			a, b = b, a
		}
		return s.times(a, b)
	case bpf.DIV:
		return s.over(a, b)
	case bpf.AND:
		return s.andWord(a, b)
	case bpf.OR:
		return s.orWord(a, b)
	case bpf.XOR:
		return s.xorWord(a, b)
	case bpf.LSH:
		return s.shift(a, b, 1)
	case bpf.RSH:
		return s.shift(a, b, -1)
	}
	return s.less(constant(0), a) // NEG
}

// divisor is the calls in which an instruction divides by zero. They end with
// the value 0 (net/core/filter.c:bpf_convert_filter).
func (s *space) divisor(in bpf.Instruction, f *file) (zero node) {
	if in.Class() != bpf.ALU || in.Op() != bpf.DIV {
		return no
	}
	return s.equal(f.source(in), constant(0))
}

// condition is the set of calls for which a conditional jump is true.
func (s *space) condition(in bpf.Instruction, f *file) node {
	a, b := f[indexA], f.source(in)
	switch in.Op() {
	case bpf.JEQ:
		return s.equal(a, b)
	case bpf.JGT:
		return s.greater(a, b)
	case bpf.JGE:
		return s.not(s.greater(b, a))
	}
	return s.common(a, b) // JSET
}
