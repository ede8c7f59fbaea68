package bpf_test

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// A filter that answers socket(2) on x86-64 with EPERM and allows the rest. A
// real one would also look at the arch of other tables: see package policy.
func Example() {
	program := bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArch),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 0xc000003e, 1, 0), // AUDIT_ARCH_X86_64
		bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetKillProcess)),
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 41, 0, 1), // socket
		bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetErrno|1)),
		bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)),
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, nr := range []uint32{0, 41} {
		value, steps := vm.Run(&bpf.Data{Nr: nr, Arch: 0xc000003e})
		fmt.Println(nr, bpf.Action(value), steps, program.ConstantAllow(0xc000003e, nr))
	}
	fmt.Println("costs", program.Cost(), "of", bpf.Budget)
	// Output:
	// 0 SECCOMP_RET_ALLOW 5 true
	// 41 SECCOMP_RET_ERRNO|1 5 false
	// costs 14 of 32768
}

func ExampleProgram_CheckAll() {
	program := bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 18),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 1, 0, 3),
		bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)),
	}
	reasons := program.CheckAll()
	fmt.Println(reasons)
	fmt.Println(errors.Is(program.Check(), bpf.ErrOffset))
	// Output:
	// instruction 0: load at offset 18: offsets are multiples of 4
	// instruction 1: jump if false to instruction 5: the last is 2
	// true
}

// A trace shows what each instruction left behind.
func ExampleVM_Trace() {
	vm, err := bpf.NewVM(bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.LittleEndian.ArgLow(0)),
		bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 3),
		bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, 1, 1, 0),
		bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetErrno|13)),
		bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	call := bpf.Data{Arch: 0xc000003e, Args: [6]uint64{0xfff1}}
	vm.Trace(&call, func(s bpf.Step) { fmt.Printf("%d A=%#x taken=%v next=%d\n", s.PC, s.A, s.Taken, s.Next) })
	// Output:
	// 0 A=0xfff1 taken=false next=1
	// 1 A=0x1 taken=false next=2
	// 2 A=0x1 taken=true next=4
	// 4 A=0x1 taken=false next=-1
}
