package bpftest

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"pgregory.net/rapid"
)

// ByNumber makes short admissible programs that tell calls apart mostly by
// number and arch, as the kernel's bitmap wants it, with an instruction here and
// there that it does not see through. They return allow, with and without data,
// or an errno, seldom A. Numbers around 100 to 125 are compared most.
func ByNumber() *rapid.Generator[bpf.Program] {
	return rapid.Custom(func(t *rapid.T) bpf.Program {
		b := builder{t: t, size: rapid.IntRange(2, 12).Draw(t, "size")}
		for len(b.p) < b.size-1 {
			b.p = append(b.p, b.byNumber())
		}
		return append(b.p, bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)))
	})
}

// unseen are instructions that the bitmap's rule does not see through.
var unseen = []bpf.Instruction{
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArgs), bpf.Stmt(bpf.LD|bpf.IMM, 110), bpf.Stmt(bpf.LD|bpf.W|bpf.LEN, 0),
	bpf.Stmt(bpf.LDX|bpf.IMM, 1), bpf.Stmt(bpf.MISC|bpf.TAX, 0), bpf.Stmt(bpf.ST, 0),
	bpf.Stmt(bpf.ALU|bpf.OR|bpf.K, 0), bpf.Stmt(bpf.ALU|bpf.ADD|bpf.K, 0), bpf.Stmt(bpf.ALU|bpf.AND|bpf.X, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.X, 0, 0, 0), bpf.Stmt(bpf.RET|bpf.A, 0),
}

func (b *builder) byNumber() bpf.Instruction {
	t := b.t
	arms := rapid.Uint8Range(0, uint8(min(b.room(), 3)))
	k := rapid.OneOf(rapid.Uint32Range(100, 125), rapid.SampledFrom([]uint32{0, 1, 64, 0xff, auditX86_64}), Word())
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0, 1:
		return bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr)
	case 2:
		return bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArch)
	case 3:
		return bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, k.Draw(t, "k"))
	case 4:
		return bpf.Stmt(bpf.JMP|bpf.JA, uint32(arms.Draw(t, "by")))
	case 5:
		return rapid.SampledFrom(unseen).Draw(t, "unseen")
	case 6:
		action := rapid.SampledFrom([]bpf.Action{bpf.RetAllow, bpf.RetAllow | 1, bpf.RetErrno | 1}).Draw(t, "action")
		return bpf.Stmt(bpf.RET|bpf.K, uint32(action))
	}
	op := rapid.SampledFrom([]uint16{bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET}).Draw(t, "op")
	return bpf.Jump(bpf.JMP|op|bpf.K, k.Draw(t, "k"), arms.Draw(t, "jt"), arms.Draw(t, "jf"))
}
