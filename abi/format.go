package abi

import (
	"strconv"
	"strings"
)

// Value reads the argument out of a call's six registers: the bits that the
// kernel reads and no others, from one register or two.
func (g *Arg) Value(regs *[6]uint64) uint64 {
	v := regs[g.Reg]
	if g.High >= 0 {
		v = v&0xffffffff | regs[g.High]<<32
	}
	return v & g.valid()
}

// valid has a one for each bit that the kernel reads.
func (g *Arg) valid() uint64 { return ^uint64(0) >> (64 - g.Bits) }

// Int is a value as the argument's C type has it: sign-extended if it is
// signed. Bits that the kernel does not read are ignored.
func (g *Arg) Int(value uint64) int64 {
	if !g.Signed {
		return int64(value & g.valid())
	}
	shift := 64 - g.Bits
	return int64(value<<shift) >> shift
}

// Format prints the value of an argument as a policy writes it: by the names
// of constants where the argument takes some ("AF_INET", "O_RDONLY|O_CLOEXEC",
// "SOCK_STREAM|0x10"), NULL for a null pointer, else as a number, which is
// decimal if small or negative, octal for a file mode, else hexadecimal. Read
// back by Constant, it is the same value in the bits that the kernel reads.
//
// What some arguments mean depends on others (a socket option on its level);
// FormatArgs knows those, Format prints a number for them.
func (a *Arch) Format(call *Syscall, arg *Arg, value uint64) string {
	return a.format(arg, value&arg.valid())
}

// FormatArgs prints all arguments of a call, given its registers.
func (a *Arch) FormatArgs(call *Syscall, regs *[6]uint64) []string {
	texts := make([]string, len(call.Args))
	for i := range call.Args {
		arg := call.Args[i]
		if decider, ok := call.Decider(&arg); ok {
			arg = a.Refine(call, &arg, decider.Value(regs))
		}
		texts[i] = a.format(&arg, arg.Value(regs))
	}
	return texts
}

func (a *Arch) format(arg *Arg, value uint64) string {
	if arg.Pointer && value == 0 {
		return "NULL"
	}
	if arg.group == 0 {
		return arg.number(value)
	}
	g := &groups[arg.group-1]
	names, rest := g.spell(a, value, arg.valid())
	switch {
	case len(names) == 0 && g.octal:
		return octal(value)
	case len(names) == 0:
		return arg.number(value)
	case rest != 0 && g.octal:
		names = append(names, octal(rest))
	case rest != 0:
		names = append(names, "0x"+strconv.FormatUint(rest, 16))
	}
	return strings.Join(names, "|")
}

// decimalBelow is where numbers turn to hexadecimal: sizes and counts below are
// easier to read in decimal, flags and addresses are mostly above.
const decimalBelow = 1 << 20

func (g *Arg) number(value uint64) string {
	if v := g.Int(value); g.Signed && v < 0 {
		return strconv.FormatInt(v, 10)
	}
	if value < decimalBelow && !g.Pointer {
		return strconv.FormatUint(value, 10)
	}
	return "0x" + strconv.FormatUint(value, 16)
}

// octal prints a file mode as C does: 0644.
func octal(mode uint64) string {
	if mode == 0 {
		return "0"
	}
	return "0" + strconv.FormatUint(mode, 8)
}
