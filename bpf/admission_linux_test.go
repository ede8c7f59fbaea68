package bpf_test

import (
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// TestKernelAdmission holds Check against the kernel on random and mutated programs.
func TestKernelAdmission(t *testing.T) {
	if !inChild(t, checks(30000)) {
		return
	}
	kernel := newProber(t)
	admitted, refused := 0, map[bpf.ErrorCode]int{}
	start := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		p := bpftest.Program().Draw(t, "program")
		agree(t, kernel, p)
		for _, reason := range p.CheckAll() {
			refused[reason.Code]++
		}
		if p.Check() == nil {
			admitted++
		}
	})
	t.Logf("%d programs admitted in %v; reasons of refusals: %v", admitted, time.Since(start).Round(time.Millisecond), refused)
	if admitted < 500 {
		t.Errorf("only %d programs were admitted: the test looked at one side", admitted)
	}
	for code := bpf.ErrEmpty; code <= bpf.ErrEnd; code++ {
		if code != bpf.ErrTooLong && refused[code] < 10 {
			t.Errorf("%v was a reason %d times only", code, refused[code])
		}
	}
}

// agree fails where Check and the kernel differ about a program.
func agree(t rapid.TB, kernel *prober, p bpf.Program) {
	t.Helper()
	err, want := p.Check(), kernel.ask(p)
	if (err == nil) != (want == nil) || want != nil && want != unix.EINVAL {
		t.Fatalf("Check says %v, the kernel %v to %v", err, want, p)
	}
}

// TestKernelOpcodes asks about every Code there is, each with operands that
// would be right for any, and counts that 41 are left.
func TestKernelOpcodes(t *testing.T) {
	if !inChild(t) {
		return
	}
	kernel := newProber(t)
	count := 0
	for code := range 1 << 16 {
		p := bpf.Program{bpf.Stmt(bpf.ST, 4), bpf.Stmt(uint16(code), 4)}
		for range 6 {
			p = append(p, bpf.Stmt(bpf.RET|bpf.K, 0))
		}
		agree(t, kernel, p)
		if p.Check() == nil {
			count++
		}
	}
	if count != 41 {
		t.Errorf("%d codes are admitted, want 41", count)
	}
}

// TestKernelOperands asks about the edges of every operand that has one.
func TestKernelOperands(t *testing.T) {
	if !inChild(t) {
		return
	}
	kernel := newProber(t)
	ret := bpf.Stmt(bpf.RET|bpf.K, 0)
	for code := range uint16(0x100) {
		for _, k := range []uint32{0, 1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 60, 61, 63, 64, 68, 255, 256,
			1 << 16, 1<<31 - 1, 1 << 31, 0xfffff000, 0xfffff024, 0xfffffffe, 0xffffffff} {
			for _, arms := range [][2]uint8{{0, 0}, {1, 0}, {0, 1}, {2, 0}, {0, 2}, {1, 1}, {255, 255}} {
				agree(t, kernel, bpf.Program{bpf.Jump(code, k, arms[0], arms[1]), ret, ret})
			}
		}
	}
}

// TestKernelLengths asks about programs of every interesting length.
func TestKernelLengths(t *testing.T) {
	if !inChild(t) {
		return
	}
	kernel := newProber(t)
	for _, n := range []int{0, 1, 2, 255, 256, 257, 258, 4095, 4096, 4097, 5000, 65535} {
		p := bpf.Program{}
		for len(p) < n {
			p = append(p, bpf.Stmt(bpf.RET|bpf.K, 0))
		}
		agree(t, kernel, p)
		if n > 2 {
			p[0] = bpf.Stmt(bpf.JMP|bpf.JA, uint32(n-2))
			agree(t, kernel, p)
			p[0].K++
			agree(t, kernel, p)
			p[0] = bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, uint8(min(255, n-2)), 0)
			agree(t, kernel, p)
			p[0] = bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 0, uint8(min(255, n-1)))
			agree(t, kernel, p)
		}
	}
}

// TestKernelMemory asks about reads of scratch words behind every short
// arrangement of writes, reads, jumps and returns.
func TestKernelMemory(t *testing.T) {
	if !inChild(t) {
		return
	}
	kernel := newProber(t)
	pieces := []bpf.Instruction{
		bpf.Stmt(bpf.ST, 0), bpf.Stmt(bpf.LDX|bpf.MEM, 0), bpf.Stmt(bpf.RET|bpf.A, 0),
		bpf.Stmt(bpf.JMP|bpf.JA, 0), bpf.Stmt(bpf.JMP|bpf.JA, 1),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 0, 1), bpf.Jump(bpf.JMP|bpf.JSET|bpf.X, 0, 2, 0),
	}
	const length = 5
	total, admitted := 1, 0
	for range length {
		total *= len(pieces)
	}
	for n := range total {
		p := make(bpf.Program, 0, length+2)
		for range length {
			p = append(p, pieces[n%len(pieces)])
			n /= len(pieces)
		}
		p = append(p, bpf.Stmt(bpf.LD|bpf.MEM, 0), bpf.Stmt(bpf.RET|bpf.A, 0))
		agree(t, kernel, p)
		if p.Check() == nil {
			admitted++
		}
	}
	t.Logf("%d of %d admitted", admitted, total)
	if admitted < 100 || admitted > total-100 {
		t.Errorf("%d of %d programs admitted: one side only", admitted, total)
	}
}
