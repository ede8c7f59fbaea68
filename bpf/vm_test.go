package bpf_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
	"pgregory.net/rapid"
)

// TestRunIsTrace holds the fast loop to the slow one, in both byte orders.
func TestRunIsTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := bpftest.Valid().Draw(t, "program")
		d := bpftest.Data().Draw(t, "call")
		vm, err := bpf.NewVM(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, order := range []bpf.ByteOrder{bpf.LittleEndian, bpf.BigEndian} {
			var seen []bpf.Step
			want, wantSteps := vm.TraceOrder(&d, order, func(s bpf.Step) { seen = append(seen, s) })
			value, steps := vm.RunOrder(&d, order)
			if value != want || steps != wantSteps || steps != len(seen) {
				t.Fatalf("%v: Run gives %#x in %d steps, Trace %#x in %d", order, value, steps, want, wantSteps)
			}
			followsSteps(t, p, seen, value)
		}
		got, steps, err := p.Run(&d)
		value, want := vm.Run(&d)
		if err != nil || uint32(got) != value || steps != want {
			t.Fatalf("Program.Run gives %v in %d (%v), VM.Run %#x in %d", got, steps, err, value, want)
		}
	})
}

// TestRows runs programs of little but tests for equality, with jumps into the
// middle of their rows, fast and slowly.
func TestRows(t *testing.T) {
	k := rapid.Uint32Range(0, 12)
	rapid.Check(t, func(t *rapid.T) {
		p := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr)}
		for n := rapid.IntRange(1, 30).Draw(t, "length"); len(p) <= n; {
			room := uint8(n - len(p))
			arm := rapid.OneOf(rapid.Uint8Range(0, min(room, 2)), rapid.Uint8Range(0, room))
			op := rapid.SampledFrom([]uint16{bpf.JEQ, bpf.JEQ, bpf.JEQ, bpf.JEQ, bpf.JGT}).Draw(t, "op")
			p = append(p, bpf.Jump(bpf.JMP|op|bpf.K, k.Draw(t, "k"), arm.Draw(t, "jt"), arm.Draw(t, "jf")))
		}
		p = append(p, bpf.Stmt(bpf.RET|bpf.A, 0))
		vm, err := bpf.NewVM(p)
		if err != nil {
			t.Fatal(err)
		}
		for nr := range uint32(14) {
			d := bpf.Data{Nr: nr}
			want, wantSteps := vm.Trace(&d, func(bpf.Step) {})
			if value, steps := vm.Run(&d); value != want || steps != wantSteps {
				t.Fatalf("nr %d: Run gives %#x in %d steps, Trace %#x in %d\n%v", nr, value, steps, want, wantSteps, p)
			}
		}
	})
}

// followsSteps fails where the steps are not one forward path through p.
func followsSteps(t *rapid.T, p bpf.Program, seen []bpf.Step, value uint32) {
	at := 0
	for n, s := range seen {
		if s.PC != at || s.Instruction != p[at] || (s.Next < 0) != (n == len(seen)-1) || s.Next >= 0 && s.Next <= s.PC {
			t.Fatalf("step %d is %+v, at %d was expected", n, s, at)
		}
		at = s.Next
	}
	if last := seen[len(seen)-1]; last.Value != value {
		t.Fatalf("the last step's value is %#x, want %#x", last.Value, value)
	}
}

// TestBigEndian lays a call out as bytes of a big-endian machine, and as bytes
// of a little-endian one, and compares every load with those.
func TestBigEndian(t *testing.T) {
	layouts := map[bpf.ByteOrder]binary.ByteOrder{bpf.LittleEndian: binary.LittleEndian, bpf.BigEndian: binary.BigEndian}
	rapid.Check(t, func(t *rapid.T) {
		d := bpftest.Data().Draw(t, "call")
		for order, layout := range layouts {
			var raw bytes.Buffer
			if err := binary.Write(&raw, layout, d); err != nil || raw.Len() != bpf.SizeData {
				t.Fatalf("%d bytes, %v", raw.Len(), err)
			}
			for off := uint32(0); off < bpf.SizeData; off += 4 {
				want := layout.Uint32(raw.Bytes()[off:])
				vm, _ := bpf.NewVM(bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, off), retA})
				if got, _ := vm.RunOrder(&d, order); got != want || d.Word(off, order) != want {
					t.Fatalf("%v, offset %d: run %#x, Word %#x, want %#x", order, off, got, d.Word(off, order), want)
				}
			}
			for n, arg := range d.Args {
				if d.Word(order.ArgLow(n), order) != uint32(arg) || d.Word(order.ArgHigh(n), order) != uint32(arg>>32) {
					t.Fatalf("%v: halves of argument %d are wrong", order, n)
				}
			}
			if d.Word(order.IPLow(), order) != uint32(d.IP) || d.Word(order.IPHigh(), order) != uint32(d.IP>>32) {
				t.Fatalf("%v: halves of ip are wrong", order)
			}
		}
	})
}

// TestRunFollowsArch runs one program for two arches of different byte orders.
func TestRunFollowsArch(t *testing.T) {
	vm, err := bpf.NewVM(bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArgs), retA})
	if err != nil {
		t.Fatal(err)
	}
	args := [6]uint64{0x1111111122222222}
	for arch, want := range map[uint32]uint32{0xc000003e: 0x22222222, 0x40000003: 0x22222222, 0x80000016: 0x11111111, 0x14: 0x11111111} {
		if got, _ := vm.Run(&bpf.Data{Arch: arch, Args: args}); got != want {
			t.Errorf("arch %#x: got %#x, want %#x", arch, got, want)
		}
	}
}

// TestUncheckedPrograms wants errors, never a panic or a loop.
func TestUncheckedPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := bpftest.Program().Draw(t, "program")
		d := bpftest.Data().Draw(t, "call")
		action, steps, err := p.Run(&d)
		if (err == nil) != (p.Check() == nil) {
			t.Fatalf("Run says %v, Check %v", err, p.Check())
		}
		if err != nil && (action != bpf.RetKillProcess || steps != 0) {
			t.Fatalf("a program that does not run gives %v after %d steps", action, steps)
		}
		p.Cost()
		p.ConstantAllow(d.Arch, d.Nr)
	})
}

// TestVMKeepsProgram wants that a VM does not change with the slice it came from.
func TestVMKeepsProgram(t *testing.T) {
	p := bpf.Program{bpf.Stmt(bpf.RET|bpf.K, 7)}
	vm, err := bpf.NewVM(p)
	if err != nil {
		t.Fatal(err)
	}
	p[0].K = 8
	vm.Program()[0].K = 9
	if got, _ := vm.Run(&bpf.Data{}); got != 7 || vm.Program()[0].K != 7 {
		t.Errorf("got %d and %v, want 7", got, vm.Program())
	}
	if n := testing.AllocsPerRun(100, func() { vm.Run(&bpf.Data{}) }); n != 0 {
		t.Errorf("a run allocates %v times", n)
	}
}

// TestConstantAllowIsAllow wants that what the bitmap lets through, the program
// lets through with every argument.
func TestConstantAllowIsAllow(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		p := bpftest.ByNumber().Draw(t, "program")
		d := bpftest.Data().Draw(t, "call")
		if !p.ConstantAllow(d.Arch, d.Nr) {
			return
		}
		found++
		if got, _, err := p.Run(&d); err != nil || got != bpf.RetAllow {
			t.Fatalf("got %v, %v", got, err)
		}
		if !(bpf.Stack{p, p}).ConstantAllow(d.Arch, d.Nr) || (bpf.Stack{p, {ret0}}).ConstantAllow(d.Arch, d.Nr) {
			t.Fatal("a stack of it must agree, and one with a refusal not")
		}
	})
	if found == 0 {
		t.Error("no program was in the bitmap")
	}
}

// TestStackRun compares the winner with the definition, filter by filter.
func TestStackRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		actions := rapid.SliceOfN(bpftest.Action(), 0, 6).Draw(t, "actions")
		var stack bpf.Stack
		for _, a := range actions {
			stack = append(stack, bpf.Program{bpf.Stmt(bpf.RET|bpf.K, uint32(a))})
		}
		vm, err := bpf.NewStackVM(stack)
		if err != nil {
			t.Fatal(err)
		}
		value, steps, winner := vm.Run(&bpf.Data{})
		if steps != len(actions) {
			t.Fatalf("%d steps through %d filters", steps, len(actions))
		}
		if winner < 0 {
			if value != uint32(bpf.RetAllow) || slices.ContainsFunc(actions, func(a bpf.Action) bool { return a.Kind() != bpf.RetAllow }) {
				t.Fatalf("no filter won, %#x", value)
			}
			return
		}
		if actions[winner] != bpf.Action(value) {
			t.Fatalf("filter %d won with %#x", winner, value)
		}
		for n, a := range actions {
			if a.Stricter(actions[winner]) || n > winner && a.Kind() == actions[winner].Kind() {
				t.Fatalf("filter %d of %v should have won, not %d", n, actions, winner)
			}
		}
	})
}

// TestStackTrace: Trace is Run, and each filter's steps are those of its own VM.
func TestStackTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stack := bpf.Stack(rapid.SliceOfN(bpftest.ValidUpTo(20), 1, 3).Draw(t, "stack"))
		d := bpftest.Data().Draw(t, "call")
		vm, err := bpf.NewStackVM(stack)
		if err != nil {
			t.Fatal(err)
		}
		seen := make([][]bpf.Step, len(stack))
		value, steps, winner := vm.Trace(&d, func(filter int, s bpf.Step) { seen[filter] = append(seen[filter], s) })
		wantValue, wantSteps, wantWinner := vm.Run(&d)
		if value != wantValue || steps != wantSteps || winner != wantWinner {
			t.Fatalf("Trace gives %#x in %d by %d, Run %#x in %d by %d", value, steps, winner, wantValue, wantSteps, wantWinner)
		}
		for n, p := range vm.Programs() {
			last := seen[n][len(seen[n])-1]
			if got, steps, err := p.Run(&d); err != nil || uint32(got) != last.Value || steps != len(seen[n]) {
				t.Fatalf("filter %d: %v in %d (%v), the trace has %#x in %d", n, got, steps, err, last.Value, len(seen[n]))
			}
		}
	})
}

// TestCoverage counts a small program's runs.
func TestCoverage(t *testing.T) {
	p := bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 1, 0, 1),
		allowed,
		bpf.Jump(bpf.JMP|bpf.JGT|bpf.K, 100, 0, 0),
		bpf.Jump(bpf.JMP|bpf.JGT|bpf.K, 100, 0, 1),
		allowed,
		ret0,
	}
	vm, err := bpf.NewVM(p)
	if err != nil {
		t.Fatal(err)
	}
	c, other := bpf.NewCoverage(p), bpf.NewCoverage(p)
	for _, nr := range []uint32{1, 1, 2} {
		c.Run(vm, &bpf.Data{Nr: nr})
	}
	other.Run(vm, &bpf.Data{Nr: 3})
	c.Add(other)
	if c.Runs != 4 || c.Counts[0].Run != 4 || c.Counts[1] != (bpf.Count{Run: 4, Taken: 2}) {
		t.Errorf("got %+v", c)
	}
	if got := c.Unreached(); !slices.Equal(got, []int{5}) {
		t.Errorf("unreached %v, want 5", got)
	}
	if got := c.OneWay(p); !slices.Equal(got, []int{4}) {
		t.Errorf("one way %v, want 4", got)
	}
}

var allowed = bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow))
