package bpf_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// How a program's whole 32-bit value is seen: the kernel delivers twelve bits
// of it as the error of a call that it skips, so the program is rewritten to
// end with RET_ERRNO and a slice of its value. Three such programs with the
// slices of one value are stacked; of equal actions the newest wins, so each
// new one shows its slice. Calls below lowestNr are let through, as the thread
// needs them to install the next and to end; no machine has the others.
const lowestNr = 0x10000

// maxFatal bounds the trials that kill threads: the runtime never learns of
// their end and takes no more than 10,000.
const maxFatal = 1000

// slices of a value, from the lowest bit, and their widths.
var sliceShifts = []uint32{0, 12, 24}

// observable rewrites an admissible program so that it returns, for calls from
// lowestNr on, the slice of its value that begins at bit shift. Each return
// becomes one jump to where the slice is cut, so that no distance changes. A
// division by zero still returns 0, which is RET_KILL_THREAD.
func observable(p bpf.Program, shift uint32) bpf.Program {
	q := bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
		bpf.Jump(bpf.JMP|bpf.JGE|bpf.K, lowestNr, 1, 0),
		allowAll[0],
		bpf.Stmt(bpf.LD|bpf.IMM, 0), // A is 0 at the start
	}
	head := len(q)
	var tail bpf.Program // a load of the constant for each RET K, then a jump
	jumpTo := func(pc, target int) bpf.Instruction { return bpf.Stmt(bpf.JMP|bpf.JA, uint32(target-pc-1)) }
	returns := 0
	for _, i := range p {
		if i.Code == bpf.RET|bpf.K {
			returns++
		}
	}
	cut := head + len(p) + 2*returns
	for _, i := range p {
		switch i.Code {
		case bpf.RET | bpf.A:
			i = jumpTo(len(q), cut)
		case bpf.RET | bpf.K:
			at := head + len(p) + len(tail)
			tail = append(tail, bpf.Stmt(bpf.LD|bpf.IMM, i.K), jumpTo(at+1, cut))
			i = jumpTo(len(q), at)
		}
		q = append(q, i)
	}
	return append(append(q, tail...),
		bpf.Stmt(bpf.ALU|bpf.RSH|bpf.K, shift),
		bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 0xfff),
		bpf.Stmt(bpf.ALU|bpf.OR|bpf.K, uint32(bpf.RetErrno)),
		bpf.Stmt(bpf.RET|bpf.A, 0))
}

// call makes the call that d describes and returns its error number. Arch and
// IP are whatever they are. Package syscall takes 4095 for a result.
func call(d bpf.Data) uint32 {
	r, _, errno := syscall.Syscall6(uintptr(d.Nr), uintptr(d.Args[0]), uintptr(d.Args[1]), uintptr(d.Args[2]),
		uintptr(d.Args[3]), uintptr(d.Args[4]), uintptr(d.Args[5]))
	if errno == 0 {
		return uint32(-r)
	}
	return uint32(errno)
}

// kernelValues runs p in the kernel on each call and returns its values. No run
// may divide by zero, as that kills the thread.
func kernelValues(p bpf.Program, calls []bpf.Data) ([]uint32, error) {
	values := make([]uint32, len(calls))
	err := aside(func() error {
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		for _, shift := range sliceShifts {
			if _, errno := install(observable(p, shift), 0); errno != 0 {
				return fmt.Errorf("install %v: %w", observable(p, shift), errno)
			}
			for n, d := range calls {
				values[n] |= call(d) << shift
			}
		}
		return nil
	})
	return values, err
}

// where are the arch and the instruction pointer of a call made by call.
func where(t *testing.T) (arch uint32, ip uint64) {
	t.Helper()
	probe := []bpf.Data{{Nr: lowestNr}}
	field := func(off uint32) uint32 {
		v, err := kernelValues(bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, off), bpf.Stmt(bpf.RET|bpf.A, 0)}, probe)
		if err != nil {
			t.Fatal(err)
		}
		return v[0]
	}
	order := bpf.NativeOrder()
	return field(bpf.OffArch), uint64(field(order.IPHigh()))<<32 | uint64(field(order.IPLow()))
}

// trial is a program and calls that do not make it divide by zero, and calls
// that do.
type trial struct {
	program      bpf.Program
	calls, fatal []bpf.Data
}

// newTrial draws a trial for calls from this thread's arch and ip.
func newTrial(t *rapid.T, arch uint32, ip uint64) trial {
	tr := trial{program: bpftest.Valid().Draw(t, "program")}
	vm, err := bpf.NewVM(tr.program)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range rapid.SliceOfN(bpftest.Data(), 4, 4).Draw(t, "calls") {
		d.Nr, d.Arch, d.IP = max(d.Nr, lowestNr), arch, ip
		for n := range d.Args {
			d.Args[n] = uint64(uintptr(d.Args[n])) // what a register of this machine holds
		}
		if dividesByZero(vm, &d) {
			tr.fatal = append(tr.fatal, d)
		} else {
			tr.calls = append(tr.calls, d)
		}
	}
	return tr
}

// dividesByZero reports whether a run of the program ends in a division.
func dividesByZero(vm *bpf.VM, d *bpf.Data) bool {
	var last bpf.Step
	vm.Trace(d, func(s bpf.Step) { last = s })
	return last.Instruction.Class() == bpf.ALU
}

// TestKernelRun runs random programs on random calls in the VM and in the
// kernel, and compares all 32 bits of their values.
func TestKernelRun(t *testing.T) {
	if !inChild(t, checks(4000)) {
		return
	}
	arch, ip := where(t)
	if ip == 0 || bpf.OrderOf(arch) != bpf.NativeOrder() {
		t.Fatalf("arch %#x, ip %#x", arch, ip)
	}
	compared, nonZero, fatal := 0, 0, []trial(nil)
	start := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		tr := newTrial(t, arch, ip)
		if len(tr.fatal) > 0 && len(fatal) < min(long(40), maxFatal) {
			fatal = append(fatal, tr)
		}
		want, err := kernelValues(tr.program, tr.calls)
		if err != nil {
			t.Fatal(err)
		}
		vm, _ := bpf.NewVM(tr.program)
		for n := range tr.calls {
			got, _ := vm.Run(&tr.calls[n])
			traced, _ := vm.Trace(&tr.calls[n], func(bpf.Step) {})
			if got != want[n] || traced != want[n] {
				t.Fatalf("Run says %#x, Trace %#x, the kernel %#x to %+v by %v", got, traced, want[n], tr.calls[n], tr.program)
			}
			compared++
			if got != 0 {
				nonZero++
			}
		}
	})
	t.Logf("%d values compared, %d not 0, in %v", compared, nonZero, time.Since(start).Round(time.Millisecond))
	if compared < 4000 || nonZero < compared/3 {
		t.Errorf("%d values, %d not 0: too few", compared, nonZero)
	}
	died := 0
	for _, tr := range fatal {
		for _, d := range tr.fatal {
			err := survive(observable(tr.program, 0), func() error { return fmt.Errorf("returned %d", call(d)) })
			if err != errDied {
				t.Fatalf("%v, though it divides by zero: %+v by %v", err, d, tr.program)
			}
			died++
		}
	}
	t.Logf("%d threads died dividing by zero", died)
	if died < 40 {
		t.Errorf("%d divisions by zero are too few", died)
	}
}

// TestKernelShift compares every shift by X from 0 to 70 and at the edges.
func TestKernelShift(t *testing.T) {
	if !inChild(t) {
		return
	}
	arch, ip := where(t)
	order := bpf.NativeOrder()
	for _, op := range []uint16{bpf.LSH, bpf.RSH} {
		p := bpf.Program{
			bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, order.ArgLow(1)),
			bpf.Stmt(bpf.MISC|bpf.TAX, 0),
			bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, order.ArgLow(0)),
			bpf.Stmt(bpf.ALU|op|bpf.X, 0),
			bpf.Stmt(bpf.RET|bpf.A, 0),
		}
		var calls []bpf.Data
		for _, by := range append(slices.Collect(upTo(70)), 255, 256, 1<<31, 1<<32-1) {
			calls = append(calls, bpf.Data{Nr: lowestNr, Arch: arch, IP: ip, Args: [6]uint64{0xdeadbeef, by}})
		}
		vm, err := bpf.NewVM(p)
		if err != nil {
			t.Fatal(err)
		}
		want, err := kernelValues(p, calls)
		if err != nil {
			t.Fatal(err)
		}
		for n, d := range calls {
			got, _ := vm.Run(&d)
			traced, _ := vm.Trace(&d, func(bpf.Step) {})
			if got != want[n] || traced != want[n] {
				t.Errorf("op %#x by %d: Run says %#x, Trace %#x, the kernel %#x", op, d.Args[1], got, traced, want[n])
			}
		}
	}
}

func upTo(n uint64) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}
