package asm

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// annotator says in words what instructions do.
type annotator struct {
	program bpf.Program
	at      []facts
	seccomp bool
}

// annotate finds what is known at each instruction, of calls of arch if it is
// not nil.
func annotate(p bpf.Program, arch *abi.Arch) *annotator {
	return &annotator{p, flow(p, arch), isSeccomp(p)}
}

// isSeccomp reports whether p reads only what seccomp_data has. A packet
// filter's words mean something else.
func isSeccomp(p bpf.Program) bool {
	for _, in := range p {
		switch op := lookup(in.Code); op.operand {
		case indexed, nibble:
			return false
		case absolute:
			if op.name != "ld" || in.K >= bpf.SizeData || in.K%4 != 0 {
				return false
			}
		}
	}
	return true
}

// note says what the instruction at pc loads, tests or decides, "" if there is
// nothing to add to its text. A test is told as it holds when jt is taken.
func (n *annotator) note(pc int) string { return string(n.appendNote(nil, pc, false)) }

// appendNote writes note; opposite tells a test as it holds when jf is taken.
func (n *annotator) appendNote(dst []byte, pc int, opposite bool) []byte {
	in, f := n.program[pc], &n.at[pc]
	if op := lookup(in.Code); op.operand == testK && n.seccomp && f.reached {
		return f.appendTest(dst, op.name, in.K, !opposite)
	}
	return append(dst, n.fixedNote(pc)...)
}

// fixedNote is the note of what is no test.
func (n *annotator) fixedNote(pc int) string {
	in, f := n.program[pc], &n.at[pc]
	op := lookup(in.Code)
	switch {
	case op.operand == none:
		return "unknown opcode"
	case !f.reached:
		return "never runs"
	case op.name == "ret" && op.operand == literal:
		return n.returned(f, in.K)
	case n.seccomp && op.operand == absolute:
		return f.word(uint8(in.K))
	case n.seccomp:
		_, note := f.moved(in)
		return note
	}
	return ""
}

// moved says what an instruction that copies a register or a scratch word
// copies, and to where, if it is a word of seccomp_data.
func (f *facts) moved(in bpf.Instruction) (to, what string) {
	var c content
	switch in.Code {
	case bpf.LD | bpf.MEM:
		to, c = "A", f.m.word(in.K)
	case bpf.LDX | bpf.MEM:
		to, c = "X", f.m.word(in.K)
	case bpf.ST:
		to, c = "M["+strconv.FormatUint(uint64(in.K), 10)+"]", f.a
	case bpf.STX:
		to, c = "M["+strconv.FormatUint(uint64(in.K), 10)+"]", f.x
	case bpf.MISC | bpf.TAX:
		to, c = "X", f.a
	case bpf.MISC | bpf.TXA:
		to, c = "A", f.x
	}
	if !c.known || c.mask != ^uint32(0) {
		return "", ""
	}
	return to, f.word(c.offset)
}

// returned says what a program's return value means.
func (n *annotator) returned(f *facts, value uint32) string {
	switch {
	case n.seccomp:
		return f.verdict(value)
	case value == 0:
		return "drop"
	case value == ^uint32(0):
		return "accept"
	}
	return "accept up to " + strconv.FormatUint(uint64(value), 10) + " bytes"
}

// word names the word of seccomp_data at offset: by the argument's own name if
// every call that may run here calls it so.
func (f *facts) word(offset uint8) string {
	if offset >= bpf.OffArgs {
		name := f.agree(func(arch *abi.Arch, call *abi.Syscall) string { return argumentWord(call, arch, offset) })
		if name != "" {
			return name
		}
	}
	return fieldName(offset, f.order())
}

// argumentWord names the word of a call's argument at offset, "" if the call
// takes nothing there.
func argumentWord(call *abi.Syscall, arch *abi.Arch, offset uint8) string {
	register := int8((offset - bpf.OffArgs) / 8)
	high := isHigh(offset, bpf.ByteOrder(arch.BigEndian))
	for i := range call.Args {
		arg := &call.Args[i]
		switch {
		case arg.Reg == register && high:
			return arg.Name + ".hi"
		case arg.Reg == register && arg.Bits > 32:
			return arg.Name + ".lo"
		case arg.Reg == register:
			return arg.Name
		case arg.High == register && !high:
			return arg.Name + ".hi"
		}
	}
	return ""
}

// appendTest says what a comparison of A with k asks; holds false gives its
// opposite.
func (f *facts) appendTest(dst []byte, name string, k uint32, holds bool) []byte {
	if !f.a.known {
		return dst
	}
	dst = f.appendSubject(dst)
	sign := relation(name, holds)
	if name == "jset" {
		sign = "&"
	}
	dst = append(append(append(dst, ' '), sign...), ' ')
	value := len(dst)
	dst = f.appendValue(dst, name, k)
	if name != "jset" {
		return dst
	}
	dst = group(dst, value)
	if holds {
		return append(dst, " != 0"...)
	}
	return append(dst, " == 0"...)
}

// appendSubject names what is in A: of an argument with the call's name before
// it, if there is one call only.
func (f *facts) appendSubject(dst []byte) []byte {
	if f.a.offset >= bpf.OffArgs {
		if call := f.agree(func(_ *abi.Arch, call *abi.Syscall) string { return call.Name }); call != "" {
			dst = append(append(dst, call...), ": "...)
		}
	}
	dst = append(dst, f.word(f.a.offset)...)
	if f.a.mask != ^uint32(0) {
		dst = append(dst, " & "...)
		mask := len(dst)
		dst = group(append(dst, f.flags(f.a.mask, true)...), mask)
	}
	return dst
}

// group puts what stands from an offset on into parentheses if it is joined by
// |, which binds less than the & before it.
func group(dst []byte, from int) []byte {
	if bytes.IndexByte(dst[from:], '|') < 0 {
		return dst
	}
	return append(slices.Insert(dst, from, '('), ')')
}

// relation is the sign of a test or of its opposite.
func relation(name string, holds bool) string {
	switch {
	case name == "jeq" && holds:
		return "=="
	case name == "jeq":
		return "!="
	case name == "jgt" && holds:
		return ">"
	case name == "jgt":
		return "<="
	case holds:
		return ">="
	}
	return "<"
}

// appendValue writes the constant of a test as what it stands for.
func (f *facts) appendValue(dst []byte, test string, k uint32) []byte {
	switch {
	case f.a.offset >= bpf.OffArgs:
		return append(dst, f.flags(k, test == "jset" || f.a.mask != ^uint32(0))...)
	case f.a.mask != ^uint32(0) || test == "jset":
	case f.a.offset == bpf.OffArch:
		return append(dst, auditText(k)...)
	case f.a.offset == bpf.OffNr:
		if name := f.callText(test, k); name != "" {
			return append(dst, name...)
		}
	}
	return appendHexText(dst, k)
}

// flags writes a value that the word in A is tested against, by the names of
// constants that the argument takes. Of some bits only, names of no bit, such as
// O_RDONLY, say nothing.
func (f *facts) flags(k uint32, some bool) string {
	if f.a.offset < bpf.OffArgs || isHigh(f.a.offset, f.order()) {
		return hexText(k)
	}
	register := int8((f.a.offset - bpf.OffArgs) / 8)
	text := f.agree(func(arch *abi.Arch, call *abi.Syscall) string {
		for i := range call.Args {
			if arg := &call.Args[i]; arg.Reg == register && !arg.Pointer {
				text := arch.Format(call, arg, uint64(k))
				if some {
					text = withoutZero(arch, text)
				}
				return text
			}
		}
		return ""
	})
	if text == "" {
		return hexText(k)
	}
	return text
}

// withoutZero drops the constants of value 0 from names joined by |.
func withoutZero(arch *abi.Arch, text string) string {
	if !strings.Contains(text, "|") {
		return text
	}
	names := slices.DeleteFunc(strings.Split(text, "|"), func(name string) bool {
		value, ok := arch.Constant(name)
		return ok && value == 0
	})
	return strings.Join(names, "|")
}

// auditText names an audit arch.
func auditText(audit uint32) string {
	if arch, ok := abi.ByAudit(audit, 0); ok {
		return arch.Name
	}
	return hexText(audit)
}

// callText names a call number, if the arches that are known give it one name.
func (f *facts) callText(test string, nr uint32) string {
	return agree(&f.arches, func(audit uint32) string { return callName(audit, test, nr) })
}

// callName names a call number on an audit arch, "" if there is no such call.
// The first number of x32 is more often a boundary than a call.
func callName(audit uint32, test string, nr uint32) string {
	arch, ok := abi.ByAudit(audit, nr)
	if !ok {
		return ""
	}
	call, ok := arch.Number(nr)
	switch {
	case nr != 0 && nr == arch.NumberBit && test != "jeq":
		return hexText(nr) + " (" + arch.Name + ")"
	case !ok:
		return ""
	case arch.NumberBit != 0:
		return arch.Name + " " + call.Name
	}
	return call.Name
}

// hexText writes a number: decimal if small, else hexadecimal.
func hexText(k uint32) string { return string(appendHexText(nil, k)) }

func appendHexText(dst []byte, k uint32) []byte {
	if k < 4096 {
		return appendDecimal(dst, uint64(k))
	}
	return strconv.AppendUint(append(dst, "0x"...), uint64(k), 16)
}

// verdict says what a seccomp filter's return value means, with the words
// of a policy: kernel/seccomp.c:__seccomp_filter. An action that the kernel
// does not know kills the process.
func (f *facts) verdict(value uint32) string {
	action := bpf.Action(value)
	if !action.Known() {
		return "kill-process: no action of Linux"
	}
	switch effect := action.Effect(); effect.Kind() {
	case bpf.RetKillThread:
		return "kill-thread"
	case bpf.RetTrap:
		return withData("trap", effect)
	case bpf.RetErrno:
		return "errno " + f.errno(effect.Data())
	case bpf.RetUserNotif:
		return "notify"
	case bpf.RetTrace:
		return withData("trace", effect)
	case bpf.RetLog:
		return "log"
	case bpf.RetAllow:
		return "allow"
	}
	return "kill-process"
}

// withData adds an action's data to a verdict; 0 is left out.
func withData(verdict string, action bpf.Action) string {
	if action.Data() == 0 {
		return verdict
	}
	return verdict + " " + hexText(uint32(action.Data()))
}

// errno writes an errno by its name, if it is the same on the arches that are
// known.
func (f *facts) errno(errno uint16) string {
	name := agree(&f.arches, func(audit uint32) string {
		arch, _ := abi.ByAudit(audit, 0)
		return errnoText(errno, arch)
	})
	if name == "" {
		return errnoText(errno, nil)
	}
	return name
}
