package bpf_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
	"pgregory.net/rapid"
)

// TestBytes holds the layout of struct sock_filter.
func TestBytes(t *testing.T) {
	p := bpf.Program{{Code: 0x1234, Jt: 0x56, Jf: 0x78, K: 0x9abcdef0}}
	little := []byte{0x34, 0x12, 0x56, 0x78, 0xf0, 0xde, 0xbc, 0x9a}
	big := []byte{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0}
	if got := p.Bytes(); !bytes.Equal(got, little) {
		t.Errorf("got % x, want % x", got, little)
	}
	if got := p.Append([]byte{1}, bpf.BigEndian); !bytes.Equal(got, append([]byte{1}, big...)) {
		t.Errorf("big endian: got % x, want 01 % x", got, big)
	}
}

// TestDecode takes back what was written, in both orders.
func TestDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := bpftest.Program().Draw(t, "program")
		for _, order := range []bpf.ByteOrder{bpf.LittleEndian, bpf.BigEndian} {
			back, err := bpf.DecodeOrder(p.Append(nil, order), order)
			if err != nil || !slices.Equal(back, p) {
				t.Fatalf("%v: got %v, %v", order, back, err)
			}
		}
	})
}

// TestDecodeSize refuses parts of instructions.
func TestDecodeSize(t *testing.T) {
	for size := range 40 {
		p, err := bpf.Decode(make([]byte, size))
		wrong, _ := errors.AsType[*bpf.SizeError](err)
		switch {
		case size%8 == 0 && (err != nil || len(p) != size/8):
			t.Errorf("%d bytes: %d instructions, %v", size, len(p), err)
		case size%8 != 0 && (p != nil || wrong == nil || wrong.Bytes != size):
			t.Errorf("%d bytes: %v, %v", size, p, err)
		}
	}
	_, err := bpf.Decode(make([]byte, 17))
	const want = "17 bytes are no whole number of instructions: 1 remains after 2 of 8 bytes each"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// FuzzProgram decodes bytes, checks and runs the program that they are, and
// wants that Check, CheckAll and the VM agree, and that the bytes come back.
func FuzzProgram(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add(bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 0), bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 1, 0, 1), allowed, ret0}.Bytes(), []byte{1})
	f.Add(bpf.Program{bpf.Stmt(bpf.ST, 3), bpf.Stmt(bpf.LDX|bpf.MEM, 3), bpf.Stmt(bpf.ALU|bpf.DIV|bpf.X, 0), retA}.Bytes(), []byte{0xff})
	f.Add(bpf.Program{bpf.Stmt(bpf.JMP|bpf.JA, 0xffffffff), retA}.Bytes(), []byte("call"))
	f.Add([]byte("no program"), []byte{})
	f.Fuzz(func(t *testing.T, raw, call []byte) {
		p, err := bpf.Decode(raw)
		if err != nil {
			if len(raw)%8 == 0 {
				t.Fatalf("%d bytes: %v", len(raw), err)
			}
			return
		}
		if !bytes.Equal(p.Bytes(), raw) {
			t.Fatalf("% x came back as % x", raw, p.Bytes())
		}
		runUnchecked(t, p, dataOf(call))
	})
}

// runUnchecked does everything that one can do with a program.
func runUnchecked(t *testing.T, p bpf.Program, d bpf.Data) {
	err := p.Check()
	if all := p.CheckAll(); (err == nil) != (len(all) == 0) {
		t.Fatalf("Check says %v, CheckAll %v", err, all)
	}
	p.Cost()
	constant := p.ConstantAllow(d.Arch, d.Nr)
	action, steps, runErr := p.Run(&d)
	if (err == nil) != (runErr == nil) {
		t.Fatalf("Check says %v, Run %v", err, runErr)
	}
	if err != nil {
		return
	}
	if constant && action != bpf.RetAllow {
		t.Fatalf("ConstantAllow, but %v", action)
	}
	vm, _ := bpf.NewVM(p)
	value, traced := vm.Trace(&d, func(bpf.Step) {})
	if value != uint32(action) || traced != steps || steps > len(p) {
		t.Fatalf("Run gives %v in %d, Trace %#x in %d", action, steps, value, traced)
	}
}

// dataOf lays bytes over a call, again and again.
func dataOf(raw []byte) bpf.Data {
	if len(raw) == 0 {
		raw = []byte{0}
	}
	var words [bpf.SizeData / 8]uint64
	for n := range bpf.SizeData {
		words[n/8] = words[n/8]<<8 | uint64(raw[n%len(raw)])
	}
	return bpf.Data{Nr: uint32(words[0]), Arch: uint32(words[0] >> 32), IP: words[1], Args: [6]uint64(words[2:])}
}
