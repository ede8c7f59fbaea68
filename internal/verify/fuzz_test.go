package verify

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
)

// opcodes are those that the kernel's seccomp admits.
var opcodes = func() []uint16 {
	list := []uint16{bpf.LD | bpf.W | bpf.ABS, bpf.LD | bpf.W | bpf.LEN, bpf.LDX | bpf.W | bpf.LEN, bpf.LD | bpf.IMM, bpf.LDX | bpf.IMM,
		bpf.LD | bpf.MEM, bpf.LDX | bpf.MEM, bpf.ST, bpf.STX, bpf.MISC | bpf.TAX, bpf.MISC | bpf.TXA, bpf.RET | bpf.K, bpf.RET | bpf.A,
		bpf.ALU | bpf.NEG, bpf.JMP | bpf.JA}
	for _, op := range []uint16{bpf.ADD, bpf.SUB, bpf.MUL, bpf.DIV, bpf.AND, bpf.OR, bpf.XOR, bpf.LSH, bpf.RSH} {
		list = append(list, bpf.ALU|op|bpf.K, bpf.ALU|op|bpf.X)
	}
	for _, op := range []uint16{bpf.JEQ, bpf.JGT, bpf.JGE, bpf.JSET} {
		list = append(list, bpf.JMP|op|bpf.K, bpf.JMP|op|bpf.X)
	}
	return list
}()

// decode makes an admitted program of any bytes, seven for an instruction.
func decode(data []byte) bpf.Program {
	n := len(data) / 7
	p := make(bpf.Program, 0, n+5)
	for i := range 4 {
		p = append(p, bpf.Stmt(bpf.ST, uint32(i)))
	}
	for i := range n {
		b := data[7*i:]
		left := uint32(n - i - 1)
		in := bpf.Instruction{Code: opcodes[int(b[0])%len(opcodes)], Jt: uint8(uint32(b[1]) % (left + 1)),
			Jf: uint8(uint32(b[2]) % (left + 1)), K: binary.LittleEndian.Uint32(b[3:])}
		switch {
		case in.Code == bpf.LD|bpf.W|bpf.ABS:
			in.K = in.K % 16 * 4
		case in.Class() == bpf.ST, in.Class() == bpf.STX, in.Mode() == bpf.MEM && in.Class() <= bpf.LDX:
			in.K %= 4
		case in.Code == bpf.JMP|bpf.JA:
			in.K %= left + 1
		case in.Class() == bpf.ALU && in.Src() == bpf.K && (in.Op() == bpf.LSH || in.Op() == bpf.RSH):
			in.K %= 32
		case in.Code == bpf.ALU|bpf.DIV|bpf.K:
			in.K = max(in.K, 1)
		}
		p = append(p, in)
	}
	return append(p, bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)))
}

// FuzzProver asks everything about two arbitrary programs. An answer must come
// in bounded time, hold for some calls, and never contradict itself.
func FuzzProver(f *testing.F) {
	f.Add([]byte("some program, read as instructions of seven bytes"), []byte("another program, not like the first"), uint64(1))
	f.Add([]byte{}, []byte{0, 0, 0, 1, 0, 0, 0}, uint64(2))
	f.Fuzz(func(t *testing.T, one, other []byte, seed uint64) {
		if len(one)+len(other) > 7*200 {
			return
		}
		a, b := decode(one), decode(other)
		p := New(Limits{Nodes: 1 << 15, Time: 200 * time.Millisecond})
		start := time.Now()
		ma, mb := program(t, p, a), program(t, p, b)
		equal, err := p.Equal(ma, mb)
		if err != nil {
			t.Fatal(err)
		}
		subset, err := p.Subset(ma, mb)
		if err != nil {
			t.Fatal(err)
		}
		if equal.Answer == Yes && subset.Answer == No {
			t.Fatal("equal, and no subset")
		}
		if stacked, err := p.Subset(p.Stack(ma, mb), ma); err != nil || stacked.Answer == No {
			t.Fatalf("a stack runs what its first filter stops: %+v %v", stacked.Witness, err)
		}
		for _, err := range []error{errOf(p.Diff(ma, mb)), errOf(p.Unreachable(ma))} {
			if unknown := new(UnknownError); err != nil && !errors.As(err, &unknown) {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took > 5*time.Second+busy {
			t.Fatalf("took %v", took)
		}
		for _, call := range calls(append(constantsOf(a), constantsOf(b)...), seed, 50) {
			v, _, _ := a.Run(&call)
			w, _, _ := b.Run(&call)
			if equal.Answer == Yes && canonical(v) != canonical(w) || subset.Answer == Yes && runs(v) && !runs(w) {
				t.Fatalf("equal %v, subset %v, but %+v returns %v and %v", equal.Answer, subset.Answer, call, v, w)
			}
		}
	})
}

func errOf[T any](_ T, err error) error { return err }
