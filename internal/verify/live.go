package verify

import "github.com/narrow-sandbox/narrow/bpf"

// registers is a set of the machine's registers: bit i is M[i], then A and X.
type registers uint32

const (
	regA = registers(1) << bpf.MEMWORDS
	regX = registers(2) << bpf.MEMWORDS
)

// live tells for each instruction which registers may still be read from
// there on. What is dead need not be merged where paths meet: a shared tail
// would else drag along whatever each path last loaded.
func live(program bpf.Program) []registers {
	at := make([]registers, len(program))
	for pc := len(program) - 1; pc >= 0; pc-- {
		var after registers
		for _, next := range successors(program[pc], pc) {
			after |= at[next]
		}
		reads, writes := touches(program[pc])
		at[pc] = after&^writes | reads
	}
	return at
}

// loadsNumber is the instruction that does.
func loadsNumber(in bpf.Instruction) bool {
	return in.Class() == bpf.LD && in.Mode() == bpf.ABS && in.K == bpf.OffNr
}

// numberLooks tells for each instruction whether the number may still be
// loaded from there on.
func numberLooks(program bpf.Program) []bool {
	at := make([]bool, len(program))
	for pc := len(program) - 1; pc >= 0; pc-- {
		at[pc] = loadsNumber(program[pc])
		for _, next := range successors(program[pc], pc) {
			at[pc] = at[pc] || at[next]
		}
	}
	return at
}

// successors are the instructions that may come next. An admitted program
// ends with a return, so they exist.
func successors(in bpf.Instruction, pc int) []int {
	switch {
	case in.Class() == bpf.RET:
		return nil
	case in.Code == bpf.JMP|bpf.JA:
		return []int{pc + 1 + int(in.K)}
	case in.Class() == bpf.JMP:
		return []int{pc + 1 + int(in.Jt), pc + 1 + int(in.Jf)}
	}
	return []int{pc + 1}
}

// touches are the registers that an instruction reads and writes.
func touches(in bpf.Instruction) (reads, writes registers) {
	byX := registers(0)
	if in.Src() == bpf.X {
		byX = regX
	}
	memory := registers(1) << (in.K % bpf.MEMWORDS)
	switch in.Class() {
	case bpf.LD, bpf.LDX:
		writes = regA
		if in.Class() == bpf.LDX {
			writes = regX
		}
		if in.Mode() == bpf.MEM {
			reads = memory
		}
	case bpf.ST:
		return regA, memory
	case bpf.STX:
		return regX, memory
	case bpf.ALU:
		return regA | byX, regA
	case bpf.JMP:
		if in.Code == bpf.JMP|bpf.JA {
			return 0, 0
		}
		return regA | byX, 0
	case bpf.RET:
		if in.Code == bpf.RET|bpf.A {
			return regA, 0
		}
	case bpf.MISC:
		if in.Code == bpf.MISC|bpf.TXA {
			return regX, regA
		}
		return regA, regX
	}
	return reads, writes
}
