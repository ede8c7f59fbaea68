package bpf

// machine is the registers of the machine between two instructions. Its step is
// the slow and obvious reading of the instruction set, to which the tests hold
// VM.Run, and which tells what it does.
type machine struct {
	a, x uint32
	m    [MEMWORDS]uint32
	data *Data
	in   ByteOrder
}

// outcome is what an instruction does besides to the registers.
type outcome struct {
	skip  int    // instructions to skip
	taken bool   // a conditional jump's test holds
	done  bool   // the program ends
	value uint32 // with this value
}

// step runs one instruction of an admitted program.
func (s *machine) step(i Instruction) outcome {
	switch i.Class() {
	case LD:
		s.a = s.load(i)
	case LDX:
		s.x = s.load(i)
	case ST:
		s.m[i.K%MEMWORDS] = s.a
	case STX:
		s.m[i.K%MEMWORDS] = s.x
	case ALU:
		return s.alu(i)
	case JMP:
		return s.jump(i)
	case RET:
		if i.RVal() == A {
			return outcome{done: true, value: s.a}
		}
		return outcome{done: true, value: i.K}
	case MISC:
		if i.MiscOp() == TAX {
			s.x = s.a
		} else {
			s.a = s.x
		}
	}
	return outcome{}
}

// load is the value that LD or LDX loads.
func (s *machine) load(i Instruction) uint32 {
	switch i.Mode() {
	case ABS:
		return s.data.Word(i.K, s.in)
	case MEM:
		return s.m[i.K%MEMWORDS]
	case LEN:
		return SizeData
	}
	return i.K
}

// source is the second operand of an ALU or JMP instruction.
func (s *machine) source(i Instruction) uint32 {
	if i.Src() == X {
		return s.x
	}
	return i.K
}

// alu computes. A shift uses the low five bits of its source, and a division by
// zero ends the program with 0, which kills the thread. Source: TestKernelRun.
func (s *machine) alu(i Instruction) outcome {
	by := s.source(i)
	switch i.Op() {
	case ADD:
		s.a += by
	case SUB:
		s.a -= by
	case MUL:
		s.a *= by
	case DIV:
		if by == 0 {
			return outcome{done: true}
		}
		s.a /= by
	case OR:
		s.a |= by
	case AND:
		s.a &= by
	case LSH:
		s.a <<= by % 32
	case RSH:
		s.a >>= by % 32
	case NEG:
		s.a = -s.a
	case XOR:
		s.a ^= by
	}
	return outcome{}
}

// jump chooses the next instruction.
func (s *machine) jump(i Instruction) outcome {
	if i.Op() == JA {
		return outcome{skip: int(i.K)}
	}
	if i.holds(s.a, s.source(i)) {
		return outcome{skip: int(i.Jt), taken: true}
	}
	return outcome{skip: int(i.Jf)}
}
