package bpf

// Step is one instruction that was run.
type Step struct {
	PC          int // the instruction's index, from 0
	Instruction Instruction
	A, X        uint32           // the registers after it
	M           [MEMWORDS]uint32 // the scratch memory after it
	Taken       bool             // it is a conditional jump and its test holds
	Next        int              // the index of the instruction that follows, -1 at the end
	Value       uint32           // what the program returns; 0 before its end
}

// Trace runs the program as Run does and tells visit of each instruction after
// it was run.
func (vm *VM) Trace(d *Data, visit func(Step)) (value uint32, steps int) {
	return vm.TraceOrder(d, OrderOf(d.Arch), visit)
}

// TraceOrder is Trace in a byte order of the caller's choice.
func (vm *VM) TraceOrder(d *Data, order ByteOrder, visit func(Step)) (value uint32, steps int) {
	s := machine{data: d, in: order}
	for pc := 0; pc < len(vm.program); {
		i := vm.program[pc]
		steps++
		did := s.step(i)
		next := pc + 1 + did.skip
		if did.done {
			next = -1
		}
		visit(Step{PC: pc, Instruction: i, A: s.a, X: s.x, M: s.m, Taken: did.taken, Next: next, Value: did.value})
		if did.done {
			return did.value, steps
		}
		pc = next
	}
	return uint32(RetKillProcess), steps // no admitted program gets here
}
