package abi

// Two architectures keep calls of their own in a range far from the others,
// where no younger call will appear below them.
const (
	armPrivate = 0x0f0000     // arch/arm/include/uapi/asm/unistd.h: __ARM_NR_BASE
	x32Private = x32Bit + 512 // arch/x86/entry/syscalls/syscall_64.tbl: "x32-specific system call numbers start at 512"
)

// Last returns the greatest call number of the table, NumberBit included: Linux
// gives the next numbers to younger calls. Arm's private calls and x32's own
// (from 512 on) have ranges apart and do not count; see Beyond.
func (a *Arch) Last() uint32 {
	for i := len(a.byNumber) - 1; i >= 0; i-- {
		if nr := a.ordered(i).Nr; nr < a.private() {
			return nr
		}
	}
	return 0
}

// private returns where the architecture's private calls begin.
func (a *Arch) private() uint32 {
	switch a {
	case &archARM:
		return armPrivate
	case &archX32:
		return x32Private
	}
	return ^uint32(0)
}

// Beyond reports whether nr is beyond the table: greater than Last and no known
// private call. Such a call, if any kernel has it, is younger than Current.
func (a *Arch) Beyond(nr uint32) bool {
	if nr <= a.Last() {
		return false
	}
	_, known := a.Number(nr)
	return !known
}
