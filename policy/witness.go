package policy

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Example is a call on an architecture that fits the pattern: the lowest
// number, the smallest arguments that fit, and 0 wherever the pattern leaves
// an argument open. It is false if none fits.
func (p *Pattern) Example(a *abi.Arch) (bpf.Data, bool) {
	for _, on := range p.Arches {
		if on.Arch != a {
			continue
		}
		for _, m := range on.Match {
			if d, ok := m.example(a); ok {
				return d, true
			}
		}
	}
	return bpf.Data{}, false
}

func (m *PatternMatch) example(a *abi.Arch) (bpf.Data, bool) {
	if len(m.Numbers) == 0 {
		return bpf.Data{}, false
	}
	d := bpf.Data{Arch: a.Audit, Nr: uint32(m.Numbers[0].Low)}
	args, ok := fit(m.Conds)
	d.Args = args
	return d, ok && fits(&d, m.Numbers, m.Conds)
}

// Describe writes a call in the notation, its arguments by the names of
// constants where they take some:
//
//	socket(family == AF_INET, type == SOCK_STREAM, protocol == IPPROTO_TCP)
//
// Pointers appear only if they are not NULL. So do, as arg0..arg5, registers of
// which the call reads nothing, and all of a call that the tables lack. Bits
// that the kernel does not read are left out. Read again, it is the same call
// but for these bits and for where pointers point to.
func Describe(a *abi.Arch, d bpf.Data) string {
	call, ok := a.Number(d.Nr)
	if !ok {
		return callText(fmt.Sprintf("syscall_%s", numberText(d.Nr)), rawConds(a, &d, 0x3f))
	}
	texts := a.FormatArgs(call, &d.Args)
	unread := uint8(0x3f)
	var conds []string
	for i := range call.Args {
		g := &call.Args[i]
		unread &^= Operand{Reg: g.Reg, High: g.High}.registers() | rawRegister(g.Name)
		switch {
		case !g.Pointer:
			conds = append(conds, g.Name+" == "+texts[i])
		case g.Value(&d.Args) != 0:
			conds = append(conds, g.Name+" != NULL")
		}
	}
	return callText(call.Name, append(conds, rawConds(a, &d, unread)...))
}

// rawRegister is the register that an argument's name would mean if the call
// had no such argument: keyctl's and prctl's arg2 is in the register before.
func rawRegister(name string) uint8 {
	if len(name) == 4 && name[:3] == "arg" && name[3] >= '0' && name[3] <= '5' {
		return 1 << (name[3] - '0')
	}
	return 0
}

// numberText is the number of a call without a name: decimal, or hexadecimal
// where that shows x32's bit.
func numberText(nr uint32) string {
	if nr < 1<<16 {
		return fmt.Sprint(nr)
	}
	return fmt.Sprintf("0x%x", nr)
}

// rawConds is the registers of a set that are not 0.
func rawConds(a *abi.Arch, d *bpf.Data, regs uint8) []string {
	var conds []string
	for i, v := range d.Args {
		v &= ^uint64(0) >> (64 - a.Register)
		if regs>>i&1 == 1 && v != 0 {
			conds = append(conds, fmt.Sprintf("arg%d == 0x%x", i, v))
		}
	}
	return conds
}

func callText(name string, conds []string) string {
	if len(conds) == 0 {
		return name
	}
	return name + "(" + strings.Join(conds, ", ") + ")"
}
