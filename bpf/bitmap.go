package bpf

// ConstantAllow reports whether the kernel finds at the time of installation
// that the program allows the call whatever its arguments, so that it lets the
// call through without running the program: the constant-action bitmap, since
// 5.11. It looks at nothing but loads of nr and arch, `and` with a constant,
// jumps on constants and returns of constants; a program that computes the same
// in another way does not get there. The program must be one that Check admits.
//
// The bitmap has only numbers of the machine's own table and of its 32-bit
// table (no x32), and all filters of a stack must agree. The program does not
// matter to uretprobe and uprobe on x86-64, which the kernel always lets
// through. Source: kernel/seccomp.c:seccomp_is_const_allow.
func (p Program) ConstantAllow(arch, nr uint32) bool {
	var a uint32
	for pc := 0; pc < len(p); pc++ {
		i := p[pc]
		switch o := opOf(i.Code); o {
		case opLoad:
			if i.K != OffNr && i.K != OffArch {
				return false
			}
			a = nr
			if i.K == OffArch {
				a = arch
			}
		case opAndK:
			a &= i.K
		case opJump:
			pc += int(min(i.K, MAXINSNS))
		case opJeqK, opJgtK, opJgeK, opJsetK:
			pc += i.skip(a)
		default:
			return o == opRetK && Action(i.K) == RetAllow
		}
	}
	return false
}

// ConstantAllow reports whether every filter of the stack lets the call through
// unseen, which is when the kernel does.
func (s Stack) ConstantAllow(arch, nr uint32) bool {
	for _, p := range s {
		if !p.ConstantAllow(arch, nr) {
			return false
		}
	}
	return true
}

// skip is how many instructions a conditional jump on K skips for this A.
func (i Instruction) skip(a uint32) int {
	if i.holds(a, i.K) {
		return int(i.Jt)
	}
	return int(i.Jf)
}

// holds is the test of a conditional jump.
func (i Instruction) holds(a, source uint32) bool {
	switch i.Op() {
	case JEQ:
		return a == source
	case JGT:
		return a > source
	case JGE:
		return a >= source
	}
	return a&source != 0
}
