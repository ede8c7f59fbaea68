package main

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/trace"
)

// highest is the last of the numbers that count as uniform: those of the tables
// that libseccomp, gVisor and others were measured with.
const highest = 470

// stepper runs a stack of filters.
type stepper struct {
	stack bpf.Stack
	vms   []*bpf.VM
}

func newStepper(stack bpf.Stack) (*stepper, error) {
	s := &stepper{stack: stack}
	for _, p := range stack {
		vm, err := bpf.NewVM(p)
		if err != nil {
			return nil, err
		}
		s.vms = append(s.vms, vm)
	}
	return s, nil
}

// steps is how many instructions the filters run for a call.
func (s *stepper) steps(d *bpf.Data) (n int) {
	for _, vm := range s.vms {
		_, one := vm.Run(d)
		n += one
	}
	return n
}

// uniform is the mean over the numbers 0 to highest with zero arguments.
func (s *stepper) uniform() float64 {
	n := 0
	for nr := range uint32(highest + 1) {
		n += s.steps(&bpf.Data{Nr: nr, Arch: audit()})
	}
	return float64(n) / (highest + 1)
}

// bitmap is how many of these numbers the kernel lets through unseen.
func (s *stepper) bitmap() (n int) {
	for nr := range uint32(highest + 1) {
		if s.stack.ConstantAllow(audit(), nr) {
			n++
		}
	}
	return n
}

// traced is the mean over a trace: of all its calls, and as the kernel runs
// them, where those in the bitmap run none.
func (s *stepper) traced(calls []trace.Counted) (all, run float64) {
	var count, steps, ran uint64
	for _, c := range calls {
		n := uint64(s.steps(&c.Call)) * c.Count
		count, steps = count+c.Count, steps+n
		if !s.stack.ConstantAllow(c.Call.Arch, c.Call.Nr) {
			ran += n
		}
	}
	return float64(steps) / float64(count), float64(ran) / float64(count)
}

// worst is the longest way through the filters.
func (s *stepper) worst() (n int) {
	for _, p := range s.stack {
		n += longest(p)
	}
	return n
}

// longest is the longest way through a program, from its end on: jumps only go
// forward.
func longest(p bpf.Program) int {
	from := make([]int, len(p))
	for pc := len(p) - 1; pc >= 0; pc-- {
		in := p[pc]
		switch {
		case in.Class() == bpf.RET:
			from[pc] = 1
		case in.Code == bpf.JMP|bpf.JA:
			from[pc] = 1 + from[pc+1+int(in.K)]
		case in.Class() == bpf.JMP:
			from[pc] = 1 + max(from[pc+1+int(in.Jt)], from[pc+1+int(in.Jf)])
		default:
			from[pc] = 1 + from[pc+1]
		}
	}
	return from[0]
}

func audit() uint32 {
	x86, _ := abi.ByName("x86_64")
	return x86.Audit
}
