package trace

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Expressions are compiled at their first use: whoever reads no trace should not
// wait for them.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// before is what strace may write before a call: a process's number, times, the
// instruction pointer.
var before = expression(`^(?:\[pid +\d+\] +|\d+ +)?(?:[\d:.]+ +)?(?:\( *\+? *[\d.]+\) +)?(?:\[[0-9a-fx?]+\] +)?`)

// straceCall is a call's name and the rest of the line.
var straceCall = expression(`^([a-z_][a-z0-9_]*)\((.*)$`)

// ends tells a line of strace from a call in the notation: what it returned,
// or that it was cut short.
var ends = expression(`\) += +(?:-?\d|0x|\?)|<unfinished \.\.\.>$|<detached \.\.\.>$|\) += \?$`)

// strace adds a line of strace, and reports whether it is one.
func (t *Trace) strace(text string) bool {
	m := straceCall().FindStringSubmatch(text[len(before().FindString(text)):])
	if m == nil || !ends().MatchString(m[2]) {
		return false
	}
	t.named(m[1], 1, func(a *abi.Arch, call *abi.Syscall) [6]uint64 { return registers(a, call, arguments(m[2])) })
	return true
}

// named adds calls by their name, wherever there is one. Names that no table
// has, such as a pseudo-call of strace, are left out: a trace is a hint.
func (t *Trace) named(name string, count uint64, args func(*abi.Arch, *abi.Syscall) [6]uint64) {
	for _, a := range t.arches {
		if call, ok := a.Call(name); ok {
			t.add(bpf.Data{Arch: a.Audit, Nr: call.Nr, Args: args(a, call)}, count)
		}
	}
}

// noise reports lines of strace that are no calls, or the second halves of some.
func noise(text string) bool {
	text = text[len(before().FindString(text)):]
	for _, start := range []string{"strace: ", "--- ", "+++ ", "[ Process ", "> ", "<... "} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return strings.HasPrefix(text, "Process ") && (strings.HasSuffix(text, "attached") || strings.HasSuffix(text, "detached"))
}

// arguments parts what stands between a call's brackets at its commas.
func arguments(text string) []string {
	var args []string
	depth, quoted, start := 0, false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted:
			if c == '\\' {
				i++
			}
			quoted = c != '"' || i >= len(text)
		case c == '"':
			quoted = true
		case strings.IndexByte("({[", c) >= 0:
			depth++
		case strings.IndexByte(")}]", c) >= 0:
			if depth--; depth < 0 {
				return append(args, text[start:i])
			}
		case c == ',' && depth == 0:
			args = append(args, text[start:i])
			start = i + 1
		}
	}
	return args // the last was cut short
}

// somewhere stands for a pointer whose value does not matter.
const somewhere = 0x10000

// registers makes the argument registers of what strace prints of arguments.
func registers(a *abi.Arch, call *abi.Syscall, texts []string) [6]uint64 {
	var regs [6]uint64
	for i, text := range texts {
		text = strings.TrimSpace(text)
		if name, value, ok := strings.Cut(text, "="); ok && isName(name) {
			if arg, ok := argument(call, name); ok {
				put(&regs, arg, valueOf(a, value))
			}
		} else if i < len(call.Args) {
			put(&regs, &call.Args[i], valueOf(a, text))
		}
	}
	return regs
}

// argument finds the argument that strace calls name: clone's flags are
// clone_flags, and stand second there.
func argument(call *abi.Syscall, name string) (*abi.Arg, bool) {
	for i := range call.Args {
		if strings.HasSuffix(call.Args[i].Name, name) {
			return &call.Args[i], true
		}
	}
	return nil, false
}

// put writes a value where the kernel reads the argument.
func put(regs *[6]uint64, arg *abi.Arg, v uint64) {
	switch {
	case arg.High >= 0:
		regs[arg.Reg], regs[arg.High] = v&0xffffffff, v>>32
	case arg.Bits < 64:
		regs[arg.Reg] = v & (1<<arg.Bits - 1)
	default:
		regs[arg.Reg] = v
	}
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_0123456789") == ""
}

// valueOf is what an argument stands for: numbers, names of constants and what
// is or-ed of them. Strings, structures and sets are somewhere in memory.
func valueOf(a *abi.Arch, text string) uint64 {
	if text == "" || strings.IndexByte(`"[{&~`, text[0]) >= 0 {
		return somewhere
	}
	text, _, _ = strings.Cut(text, "<") // what a descriptor is
	text, _, _ = strings.Cut(text, " ") // and comments
	value := uint64(0)
	for part := range strings.SplitSeq(text, "|") {
		value |= term(a, part)
	}
	return value
}

// term is one number or constant, 0 if it is none that is known.
func term(a *abi.Arch, text string) uint64 {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return uint64(n)
	}
	if n, err := strconv.ParseUint(text, 0, 64); err == nil {
		return n
	}
	n, _ := a.Constant(text)
	return uint64(n)
}
