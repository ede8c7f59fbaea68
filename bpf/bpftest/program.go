package bpftest

import (
	"slices"

	"github.com/narrow-sandbox/narrow/bpf"
	"pgregory.net/rapid"
)

// Instruction makes any instruction: of seccomp, of sockets, of nothing.
func Instruction() *rapid.Generator[bpf.Instruction] {
	return rapid.Custom(func(t *rapid.T) bpf.Instruction {
		code := rapid.OneOf(rapid.Uint16Range(0, 0xff), rapid.Uint16Range(0, 0xff), rapid.Uint16()).Draw(t, "code")
		return bpf.Instruction{
			Code: code,
			Jt:   rapid.OneOf(rapid.Uint8Range(0, 4), rapid.Uint8()).Draw(t, "jt"),
			Jf:   rapid.OneOf(rapid.Uint8Range(0, 4), rapid.Uint8()).Draw(t, "jf"),
			K:    Word().Draw(t, "k"),
		}
	})
}

// Program makes programs of every kind: admissible ones, ones that miss
// admission by an instruction or a few, and noise. The empty one is among them.
func Program() *rapid.Generator[bpf.Program] {
	noise := rapid.Custom(func(t *rapid.T) bpf.Program { return rapid.SliceOfN(Instruction(), 0, 12).Draw(t, "noise") })
	return rapid.OneOf(Valid(), Mutated(), Mutated(), Scratch(), noise)
}

// Mutated makes programs that were admissible before one to three mutations.
func Mutated() *rapid.Generator[bpf.Program] {
	return rapid.Custom(func(t *rapid.T) bpf.Program {
		p := ValidUpTo(30).Draw(t, "program")
		for range rapid.IntRange(1, 3).Draw(t, "mutations") {
			p = Mutate(t, p)
		}
		return p
	})
}

// Scratch makes programs that do little but jump and use few scratch words, so
// that the rule of reads after writes decides whether they are admitted. Every
// other rule holds.
func Scratch() *rapid.Generator[bpf.Program] {
	return rapid.Custom(func(t *rapid.T) bpf.Program {
		b := builder{t: t, size: rapid.IntRange(2, 24).Draw(t, "size")}
		for len(b.p) < b.size-1 {
			b.p = append(b.p, b.scratchInstruction())
		}
		return append(b.p, b.ret())
	})
}

func (b *builder) scratchInstruction() bpf.Instruction {
	word := rapid.Uint32Range(0, 2).Draw(b.t, "word")
	switch rapid.IntRange(0, 7).Draw(b.t, "what") {
	case 0, 1, 2:
		return bpf.Stmt(rapid.SampledFrom(stores).Draw(b.t, "store"), word)
	case 3:
		return bpf.Stmt(rapid.SampledFrom(memoryLoads).Draw(b.t, "load"), word)
	case 4:
		return b.ret()
	case 5:
		return bpf.Stmt(bpf.JMP|bpf.JA, uint32(rapid.IntRange(0, min(4, b.room())).Draw(b.t, "by")))
	}
	return b.test()
}

// Mutate changes one thing about a program: a field of an instruction, or which
// instructions there are. It returns a new program and leaves p alone.
func Mutate(t *rapid.T, p bpf.Program) bpf.Program {
	if len(p) == 0 {
		return bpf.Program{Instruction().Draw(t, "instruction")}
	}
	q := slices.Clone(p)
	pc := rapid.IntRange(0, len(q)-1).Draw(t, "pc")
	i := &q[pc]
	switch rapid.IntRange(0, 9).Draw(t, "mutation") {
	case 0:
		i.Code ^= 1 << rapid.IntRange(0, 8).Draw(t, "bit")
	case 1:
		i.Code = rapid.Uint16Range(0, 0xff).Draw(t, "code")
	case 2:
		i.K = Word().Draw(t, "k")
	case 3:
		i.K += rapid.SampledFrom([]uint32{1, ^uint32(0), 1 << 31}).Draw(t, "by")
	case 4:
		i.Jt = rapid.Uint8().Draw(t, "jt")
	case 5:
		i.Jf = rapid.Uint8().Draw(t, "jf")
	case 6:
		return slices.Delete(q, pc, pc+1)
	case 7:
		return slices.Insert(q, pc, Instruction().Draw(t, "instruction"))
	case 8:
		return q[:pc]
	default:
		to := rapid.IntRange(0, len(q)-1).Draw(t, "with")
		q[pc], q[to] = q[to], q[pc]
	}
	return q
}
