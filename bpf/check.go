package bpf

import (
	"fmt"
	"slices"
)

// Check says whether the kernel would admit the program as a seccomp filter:
// nil if it would, else an *Error with the first reason by place. CheckAll
// gives all reasons, Stack.Check adds the budget that filters share.
//
// The rules are those of Linux 6.18: net/core/filter.c:bpf_check_classic and
// check_load_and_stores, then kernel/seccomp.c:seccomp_check_filter.
// TestKernelAdmission holds Check against the running kernel.
func (p Program) Check() error {
	if all := p.CheckAll(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// CheckAll gives every reason why the kernel would not admit the program, by
// place, and none if it would. The reasons about scratch memory assume that
// jumps which lead nowhere are not there.
func (p Program) CheckAll() Errors {
	if len(p) == 0 {
		return Errors{{PC: -1, Code: ErrEmpty, Detail: "a program needs at least one instruction"}}
	}
	var all Errors
	if len(p) > MAXINSNS {
		all = append(all, &Error{PC: -1, Code: ErrTooLong,
			Detail: fmt.Sprintf("%d instructions: a program has %d at most", len(p), MAXINSNS)})
	}
	for pc := range p {
		p.checkInstruction(pc, &all)
	}
	if last := len(p) - 1; p[last].Class() != RET {
		all.add(p, last, ErrEnd, "a program ends with a return: put `ret` last")
	}
	p.checkMemory(&all)
	slices.SortStableFunc(all, func(a, b *Error) int { return a.PC - b.PC })
	return all
}

// checkInstruction adds what is wrong with the instruction at pc by itself.
func (p Program) checkInstruction(pc int, all *Errors) {
	i := p[pc]
	switch o := opOf(i.Code); o {
	case opRefused:
		all.add(p, pc, ErrOpcode, "code 0x%02x: %s", i.Code, refusal(i))
	case opLoad:
		p.checkOffset(pc, all)
	case opLoadMem, opLoadXMem, opStore, opStoreX:
		if i.K >= MEMWORDS {
			all.add(p, pc, ErrMemory, "M[%d]: scratch memory is M[0] to M[%d]", i.K, MEMWORDS-1)
		}
	case opLshK, opRshK:
		if i.K >= 32 {
			all.add(p, pc, ErrShift, "shift by %d: a constant shift is by 31 at most", i.K)
		}
	case opDivK:
		if i.K == 0 {
			all.add(p, pc, ErrDivision, "division by the constant 0")
		}
	default:
		if o.jumps() {
			p.checkJump(pc, all)
		}
	}
}

// checkOffset adds what is wrong with the load of data at pc.
func (p Program) checkOffset(pc int, all *Errors) {
	switch k := p[pc].K; {
	case k >= SizeData:
		all.add(p, pc, ErrOffset, "load at offset %d: the call's data has %d bytes", k, SizeData)
	case k%4 != 0:
		all.add(p, pc, ErrOffset, "load at offset %d: offsets are multiples of 4", k)
	}
}

// checkJump adds what is wrong with the jump at pc.
func (p Program) checkJump(pc int, all *Errors) {
	end := uint64(len(p))
	yes, no := p.targets(pc)
	switch {
	case yes < end && no < end:
	case p[pc].Code == JMP|JA:
		all.add(p, pc, ErrJump, "jump to instruction %d: the last is %d", yes, end-1)
	case yes < end:
		all.add(p, pc, ErrJump, "jump if false to instruction %d: the last is %d", no, end-1)
	case no < end:
		all.add(p, pc, ErrJump, "jump if true to instruction %d: the last is %d", yes, end-1)
	default:
		all.add(p, pc, ErrJump, "jump to instruction %d or %d: the last is %d", yes, no, end-1)
	}
}

// targets is where the jump at pc leads if its test holds and if not; a JA
// leads to one place.
func (p Program) targets(pc int) (yes, no uint64) {
	next := uint64(pc) + 1
	if i := p[pc]; i.Code != JMP|JA {
		return next + uint64(i.Jt), next + uint64(i.Jf)
	}
	target := next + uint64(p[pc].K)
	return target, target
}

// refusal says why seccomp has no such instruction.
func refusal(i Instruction) string {
	switch {
	case i.Code > 0xff:
		return "codes are below 0x100"
	case i.Code == LDX|B|MSH, i.Class() == LD && i.Mode() == IND:
		return "seccomp has no loads relative to a packet's header"
	case i.Class() == LD && i.Mode() == ABS:
		return "seccomp loads words only, no bytes or half words"
	case i.Class() == ALU && i.Op() == MOD:
		return "seccomp has no mod"
	case i.Class() == RET && i.RVal() == X:
		return "the kernel has no `ret x`: use `txa` and `ret a`"
	}
	return "seccomp has no such instruction"
}
