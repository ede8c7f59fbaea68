package bpftest

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"pgregory.net/rapid"
)

// The Codes of seccomp by what their K must be. They are written down here
// again, so that the generators do not follow a mistake of package bpf.
var (
	anyK = []uint16{
		bpf.LD | bpf.IMM, bpf.LDX | bpf.IMM, bpf.LD | bpf.W | bpf.LEN, bpf.LDX | bpf.W | bpf.LEN,
		bpf.ALU | bpf.ADD | bpf.K, bpf.ALU | bpf.SUB | bpf.K, bpf.ALU | bpf.MUL | bpf.K,
		bpf.ALU | bpf.OR | bpf.K, bpf.ALU | bpf.AND | bpf.K, bpf.ALU | bpf.XOR | bpf.K,
	}
	noK = []uint16{
		bpf.ALU | bpf.ADD | bpf.X, bpf.ALU | bpf.SUB | bpf.X, bpf.ALU | bpf.MUL | bpf.X, bpf.ALU | bpf.DIV | bpf.X,
		bpf.ALU | bpf.OR | bpf.X, bpf.ALU | bpf.AND | bpf.X, bpf.ALU | bpf.XOR | bpf.X,
		bpf.ALU | bpf.LSH | bpf.X, bpf.ALU | bpf.RSH | bpf.X, bpf.ALU | bpf.NEG,
		bpf.MISC | bpf.TAX, bpf.MISC | bpf.TXA,
	}
	shifts      = []uint16{bpf.ALU | bpf.LSH | bpf.K, bpf.ALU | bpf.RSH | bpf.K}
	stores      = []uint16{bpf.ST, bpf.STX}
	memoryLoads = []uint16{bpf.LD | bpf.MEM, bpf.LDX | bpf.MEM}
	tests       = []uint16{
		bpf.JMP | bpf.JEQ | bpf.K, bpf.JMP | bpf.JGT | bpf.K, bpf.JMP | bpf.JGE | bpf.K, bpf.JMP | bpf.JSET | bpf.K,
		bpf.JMP | bpf.JEQ | bpf.X, bpf.JMP | bpf.JGT | bpf.X, bpf.JMP | bpf.JGE | bpf.X, bpf.JMP | bpf.JSET | bpf.X,
	}
)

// Valid makes programs that the kernel admits, of up to 60 instructions and
// every opcode. They compute at random and return actions or what they computed.
func Valid() *rapid.Generator[bpf.Program] { return ValidUpTo(60) }

// ValidUpTo is Valid with programs of up to limit instructions, 1 or more.
func ValidUpTo(limit int) *rapid.Generator[bpf.Program] {
	return rapid.Custom(func(t *rapid.T) bpf.Program {
		size := rapid.IntRange(1, limit).Draw(t, "size")
		b := builder{t: t, size: size}
		b.prepareMemory()
		for len(b.p) < size-1 {
			b.p = append(b.p, b.instruction())
		}
		return append(b.p, b.ret())
	})
}

// builder makes one program from its first instruction to its last.
type builder struct {
	t     *rapid.T
	size  int // of the whole program
	p     bpf.Program
	words []uint32 // the scratch words that were written before any jump
}

// prepareMemory writes a few scratch words, which may be read ever after.
func (b *builder) prepareMemory() {
	n := rapid.IntRange(0, min(4, b.size-1)).Draw(b.t, "words")
	for range n {
		k := rapid.Uint32Range(0, bpf.MEMWORDS-1).Draw(b.t, "word")
		b.p = append(b.p, bpf.Stmt(rapid.SampledFrom(stores).Draw(b.t, "store"), k))
		b.words = append(b.words, k)
	}
}

// instruction makes any instruction that may stand here.
func (b *builder) instruction() bpf.Instruction {
	t := b.t
	switch rapid.IntRange(0, 15).Draw(t, "what") {
	case 0, 1, 2, 3:
		return bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, rapid.Uint32Range(0, bpf.SizeData/4-1).Draw(t, "field")*4)
	case 4, 5:
		return bpf.Stmt(rapid.SampledFrom(anyK).Draw(t, "code"), Word().Draw(t, "k"))
	case 6, 7:
		return bpf.Stmt(rapid.SampledFrom(noK).Draw(t, "code"), 0)
	case 8:
		return bpf.Stmt(rapid.SampledFrom(shifts).Draw(t, "code"), rapid.Uint32Range(0, 31).Draw(t, "by"))
	case 9:
		return bpf.Stmt(bpf.ALU|bpf.DIV|bpf.K, max(1, Word().Draw(t, "k")))
	case 10:
		return bpf.Stmt(rapid.SampledFrom(stores).Draw(t, "code"), rapid.Uint32Range(0, bpf.MEMWORDS-1).Draw(t, "word"))
	case 11:
		return b.loadMemory()
	case 12:
		return b.ret()
	case 13:
		return bpf.Stmt(bpf.JMP|bpf.JA, uint32(rapid.IntRange(0, b.room()).Draw(t, "by")))
	}
	return b.test()
}

// room is how many instructions a jump from here may skip.
func (b *builder) room() int { return b.size - len(b.p) - 2 }

func (b *builder) loadMemory() bpf.Instruction {
	if len(b.words) == 0 {
		return bpf.Stmt(bpf.MISC|bpf.TXA, 0)
	}
	return bpf.Stmt(rapid.SampledFrom(memoryLoads).Draw(b.t, "code"), rapid.SampledFrom(b.words).Draw(b.t, "word"))
}

func (b *builder) test() bpf.Instruction {
	room := min(b.room(), 255)
	return bpf.Jump(rapid.SampledFrom(tests).Draw(b.t, "code"), Word().Draw(b.t, "k"),
		uint8(rapid.IntRange(0, room).Draw(b.t, "jt")), uint8(rapid.IntRange(0, room).Draw(b.t, "jf")))
}

func (b *builder) ret() bpf.Instruction {
	if rapid.Bool().Draw(b.t, "computed") {
		return bpf.Stmt(bpf.RET|bpf.A, 0)
	}
	return bpf.Stmt(bpf.RET|bpf.K, uint32(Action().Draw(b.t, "action")))
}
