package asm

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
)

// trees draws programs as compilers make them: tests of arch, nr and argument
// words in any order that jump forward.
func trees(t *rapid.T) bpf.Program {
	k := rapid.OneOf(rapid.Uint32Range(0, 8), bpftest.Word(), rapid.SampledFrom([]uint32{0xc000003e, 0x40000003, 0x40000000}))
	n := rapid.IntRange(2, 40).Draw(t, "instructions")
	p := append(make(bpf.Program, 0, n+2), bpf.Stmt(bpf.ST, 0), bpf.Stmt(bpf.STX, 1))
	for n += 2; len(p) < n-1; {
		left := n - 2 - len(p)
		offset := rapid.Map(rapid.IntRange(0, min(left, 6)), func(i int) uint8 { return uint8(i) })
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0, 1:
			p = append(p, bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, rapid.SampledFrom([]uint32{0, 0, 4, 16, 20, 24}).Draw(t, "field")))
		case 2:
			p = append(p, rapid.SampledFrom([]bpf.Instruction{
				bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 0xff), bpf.Stmt(bpf.MISC|bpf.TAX, 0), bpf.Stmt(bpf.MISC|bpf.TXA, 0),
				bpf.Stmt(bpf.ALU|bpf.ADD|bpf.K, 1), bpf.Stmt(bpf.LD|bpf.IMM, 1), bpf.Stmt(bpf.LDX|bpf.LEN, 0), bpf.Stmt(bpf.RET|bpf.K, 7),
				bpf.Stmt(bpf.ST, 0), bpf.Stmt(bpf.STX, 1), bpf.Stmt(bpf.LD|bpf.MEM, 0), bpf.Stmt(bpf.LDX|bpf.MEM, 0), bpf.Stmt(bpf.LD|bpf.MEM, 1),
			}).Draw(t, "other"))
		default:
			op := rapid.SampledFrom([]uint16{bpf.JEQ, bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET}).Draw(t, "test")
			p = append(p, bpf.Jump(bpf.JMP|op|bpf.K, k.Draw(t, "k"), offset.Draw(t, "jt"), offset.Draw(t, "jf")))
		}
	}
	return append(p, bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)))
}

// TestFlowHolds runs programs on calls: at each step, what is said to be known
// there is so.
func TestFlowHolds(t *testing.T) {
	seen := 0
	rapid.Check(t, func(t *rapid.T) {
		p := trees(t)
		vm, err := bpf.NewVM(p)
		if err != nil {
			t.Fatal(err)
		}
		at := flow(p, nil)
		for range 20 {
			d := bpftest.Data().Draw(t, "call")
			if rapid.Bool().Draw(t, "small") {
				d.Nr, d.Arch = d.Nr%9, 0xc000003e
			}
			before := state{pc: 0}
			vm.Trace(&d, func(s bpf.Step) {
				holds(t, &at[before.pc], &d, before)
				seen++
				before = state{s.Next, s.A, s.X, s.M}
			})
		}
	})
	if seen == 0 {
		t.Error("no step was looked at")
	}
}

// state is the machine before an instruction.
type state struct {
	pc   int
	a, x uint32
	m    [bpf.MEMWORDS]uint32
}

// holds checks the facts at an instruction against a call that reached it.
func holds(t *rapid.T, f *facts, d *bpf.Data, s state) {
	switch {
	case !f.reached:
		t.Fatalf("%d never runs, it says, and ran on %+v", s.pc, d)
	case !f.arches.has(d.Arch):
		t.Fatalf("at %d the arch is not in %v on %+v", s.pc, f.arches.all(), d)
	case d.Nr < f.low || d.Nr > f.high:
		t.Fatalf("at %d nr is not within %d..%d on %+v", s.pc, f.low, f.high, d)
	case !f.calls.has(pair{d.Arch, d.Nr}):
		t.Fatalf("at %d the call is not in %v on %+v", s.pc, f.calls.all(), d)
	}
	order := bpf.OrderOf(d.Arch)
	for _, r := range []struct {
		content
		value uint32
	}{{f.a, s.a}, {f.x, s.x}, {f.m.word(0), s.m[0]}, {f.m.word(1), s.m[1]}} {
		if r.known && d.Word(uint32(r.offset), order)&r.mask != r.value {
			t.Fatalf("at %d a register is not word %d & 0x%x on %+v", s.pc, r.offset, r.mask, d)
		}
	}
}
