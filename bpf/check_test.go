package bpf_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
	"pgregory.net/rapid"
)

var (
	ret0 = bpf.Stmt(bpf.RET|bpf.K, 0)
	retA = bpf.Stmt(bpf.RET|bpf.A, 0)
)

// TestCheckErrors holds the text and the code of every reason.
func TestCheckErrors(t *testing.T) {
	tests := []struct {
		program bpf.Program
		code    bpf.ErrorCode
		text    string
	}{
		{bpf.Program{}, bpf.ErrEmpty, "a program needs at least one instruction"},
		{nil, bpf.ErrEmpty, "a program needs at least one instruction"},
		{slices.Repeat(bpf.Program{ret0}, 4097), bpf.ErrTooLong, "4097 instructions: a program has 4096 at most"},
		{bpf.Program{bpf.Stmt(bpf.LD|bpf.B|bpf.ABS, 0), ret0}, bpf.ErrOpcode,
			"instruction 0: code 0x30: seccomp loads words only, no bytes or half words"},
		{bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.IND, 0), ret0}, bpf.ErrOpcode,
			"instruction 0: code 0x40: seccomp has no loads relative to a packet's header"},
		{bpf.Program{bpf.Stmt(bpf.LDX|bpf.B|bpf.MSH, 0), ret0}, bpf.ErrOpcode,
			"instruction 0: code 0xb1: seccomp has no loads relative to a packet's header"},
		{bpf.Program{bpf.Stmt(bpf.ALU|bpf.MOD|bpf.K, 3), ret0}, bpf.ErrOpcode, "instruction 0: code 0x94: seccomp has no mod"},
		{bpf.Program{bpf.Stmt(bpf.RET|bpf.X, 0)}, bpf.ErrOpcode,
			"instruction 0: code 0x0e: the kernel has no `ret x`: use `txa` and `ret a`"},
		{bpf.Program{bpf.Stmt(0x1234, 0), ret0}, bpf.ErrOpcode, "instruction 0: code 0x1234: codes are below 0x100"},
		{bpf.Program{bpf.Stmt(0xff, 0), ret0}, bpf.ErrOpcode, "instruction 0: code 0xff: seccomp has no such instruction"},
		{bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 2), ret0}, bpf.ErrOffset,
			"instruction 0: load at offset 2: offsets are multiples of 4"},
		{bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 64), ret0}, bpf.ErrOffset,
			"instruction 0: load at offset 64: the call's data has 64 bytes"},
		{bpf.Program{bpf.Stmt(bpf.ST, 16), ret0}, bpf.ErrMemory, "instruction 0: M[16]: scratch memory is M[0] to M[15]"},
		{bpf.Program{bpf.Stmt(bpf.LD|bpf.MEM, 3), ret0}, bpf.ErrUnwritten,
			"instruction 0: M[3] is read here, but not written on every way to here"},
		{bpf.Program{bpf.Stmt(bpf.ALU|bpf.LSH|bpf.K, 32), ret0}, bpf.ErrShift,
			"instruction 0: shift by 32: a constant shift is by 31 at most"},
		{bpf.Program{bpf.Stmt(bpf.ALU|bpf.DIV|bpf.K, 0), ret0}, bpf.ErrDivision, "instruction 0: division by the constant 0"},
		{bpf.Program{bpf.Stmt(bpf.JMP|bpf.JA, 1), ret0}, bpf.ErrJump, "instruction 0: jump to instruction 2: the last is 1"},
		{bpf.Program{bpf.Stmt(bpf.JMP|bpf.JA, 0xffffffff), ret0}, bpf.ErrJump,
			"instruction 0: jump to instruction 4294967296: the last is 1"},
		{bpf.Program{bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 1, 0), ret0}, bpf.ErrJump,
			"instruction 0: jump if true to instruction 2: the last is 1"},
		{bpf.Program{bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 0, 255), ret0}, bpf.ErrJump,
			"instruction 0: jump if false to instruction 256: the last is 1"},
		{bpf.Program{bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 4, 5), ret0}, bpf.ErrJump,
			"instruction 0: jump to instruction 5 or 6: the last is 1"},
		{bpf.Program{bpf.Stmt(bpf.LD|bpf.IMM, 0)}, bpf.ErrEnd,
			"instruction 0: a program ends with a return: put `ret` last"},
	}
	for _, test := range tests {
		err := test.program.Check()
		if err == nil || err.Error() != test.text || !errors.Is(err, test.code) {
			t.Errorf("%v: got %q (%v), want %q", test.program[:min(3, len(test.program))], err, errors.Is(err, test.code), test.text)
		}
		e, ok := errors.AsType[*bpf.Error](err)
		if !ok || e.PC >= 0 && e.Instruction != test.program[e.PC] {
			t.Errorf("%q: *Error with its instruction is missing: %+v", test.text, e)
		}
	}
}

// TestCheckAll wants every reason, by place.
func TestCheckAll(t *testing.T) {
	p := bpf.Program{
		bpf.Stmt(bpf.LD|bpf.MEM, 1),
		bpf.Stmt(bpf.ALU|bpf.RSH|bpf.K, 40),
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 65),
		bpf.Stmt(bpf.LDX|bpf.MEM, 99),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 9, 9),
	}
	all := p.CheckAll()
	want := []bpf.ErrorCode{bpf.ErrUnwritten, bpf.ErrShift, bpf.ErrOffset, bpf.ErrMemory, bpf.ErrJump, bpf.ErrEnd}
	for n, code := range want {
		if n >= len(all) || all[n].Code != code {
			t.Fatalf("reason %d is not %q among:\n%v", n, code, all)
		}
		if !errors.Is(all.Err(), code) {
			t.Errorf("errors.Is(…, %q) is false", code)
		}
	}
	if lines := strings.Count(all.Error(), "\n") + 1; len(all) != len(want) || lines != len(want) {
		t.Errorf("%d reasons in %d lines, want %d:\n%v", len(all), lines, len(want), all)
	}
	if err := (bpf.Program{ret0}).CheckAll().Err(); err != nil {
		t.Errorf("no reasons are the error %v", err)
	}
}

// TestCheckBehindReturn holds the strictness of the kernel's pass: every path
// writes M[0] before it is read, but the return stands between.
func TestCheckBehindReturn(t *testing.T) {
	p := bpf.Program{
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0, 0, 2),
		bpf.Stmt(bpf.ST, 0),
		bpf.Stmt(bpf.JMP|bpf.JA, 1),
		ret0,
		bpf.Stmt(bpf.LD|bpf.MEM, 0),
		retA,
	}
	if err := p.Check(); !errors.Is(err, bpf.ErrUnwritten) {
		t.Errorf("got %v, want that M[0] is unwritten", err)
	}
}

// TestValidIsAdmitted holds the generator to its promise.
func TestValidIsAdmitted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := bpftest.ValidUpTo(400).Draw(t, "program")
		if err := p.Check(); err != nil {
			t.Fatal(err)
		}
		if cost := p.Cost(); cost < len(p)+3 || cost > 5*len(p)+3 {
			t.Fatalf("%d instructions cost %d", len(p), cost)
		}
	})
}

// TestStackCheck names the filter that is wrong.
func TestStackCheck(t *testing.T) {
	good := bpf.Program{ret0}
	big := append(slices.Repeat(bpf.Program{bpf.Stmt(bpf.ALU|bpf.DIV|bpf.X, 0)}, 4095), ret0)
	tests := []struct {
		stack bpf.Stack
		text  string
	}{
		{nil, ""},
		{bpf.Stack{good, good}, ""},
		{bpf.Stack{big}, ""},
		{bpf.Stack{good, {bpf.Stmt(bpf.JMP|bpf.JA, 0)}},
			"filter 2: instruction 0: jump to instruction 1: the last is 0"},
		{bpf.Stack{big, big}, "filter 2: with it the filters cost 40964 of at most 32768 converted instructions"},
	}
	for _, test := range tests {
		text := ""
		if err := test.stack.Check(); err != nil {
			text = err.Error()
		}
		if text != test.text {
			t.Errorf("got %q, want %q", text, test.text)
		}
		if _, err := bpf.NewStackVM(test.stack); (err == nil) != (test.text == "") {
			t.Errorf("NewStackVM says %v where Check says %q", err, text)
		}
	}
	if cost := (bpf.Stack{good, good, good}).Cost(); cost != 3*5+2*4 {
		t.Errorf("three returns cost %d, want 23", cost)
	}
}
