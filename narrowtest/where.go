package narrowtest

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// where reads, from what a Go program prints when a call is trapped, which call
// it was, why it was denied, and who made it; "" if it printed nothing of the kind.
func where(output string, why func(*bpf.Data) string) string {
	_, trace, ok := strings.Cut(output, "SIGSYS: bad system call")
	if !ok {
		return ""
	}
	text := "a call was denied"
	if d, ok := trappedCall(trace); ok {
		text = "the call was " + policy.Describe(abi.Native(), *d) + why(d)
	}
	_, stack, ok := strings.Cut(trace, "\ngoroutine ")
	if !ok {
		return text + ", made by Go's runtime itself"
	}
	stack, _, _ = strings.Cut(stack, "\n\n") // the one goroutine
	return text + callers(stack)
}

// callRegisters are where a call's number and arguments are, by GOARCH, under
// the names that Go prints.
var callRegisters = map[string][]string{
	"amd64": {"rax", "rdi", "rsi", "rdx", "r10", "r8", "r9"},
	"arm64": {"r8", "r0", "r1", "r2", "r3", "r4", "r5"},
}

// trappedCall is the call, from the registers as they were.
func trappedCall(trace string) (*bpf.Data, bool) {
	names, arch := callRegisters[runtime.GOARCH], abi.Native()
	if names == nil || arch == nil {
		return nil, false
	}
	nr, ok := register(trace, names[0])
	d := &bpf.Data{Arch: arch.Audit, Nr: uint32(nr)}
	if call, known := arch.Number(d.Nr); known {
		for i := range call.Args { // other registers are left over
			d.Args[i], _ = register(trace, names[1+i])
		}
	}
	return d, ok
}

// why is the verdict of the policy's rules for a call, and the place of the
// rule that decides.
func (in In) why(d *bpf.Data) string {
	v, rule, ok := in.Sandbox.Policy().Evaluate(in.Phase, in.Class, d)
	if !ok || rule == nil {
		return ""
	}
	return fmt.Sprintf(", which gets %v by %s at %v", v, rule.Text, rule.Pos)
}

// register finds a line such as "rax    0x50".
func register(trace, name string) (uint64, bool) {
	for line := range strings.Lines(trace) {
		if f := strings.Fields(line); len(f) == 2 && f[0] == name {
			v, err := strconv.ParseUint(f[1], 0, 64)
			return v, err == nil
		}
	}
	return 0, false
}

// callers are the first places of a stack between the way into the kernel and
// this package.
func callers(stack string) string {
	var b strings.Builder
	lines, n := strings.Split(stack, "\n"), 0
	for i := 1; i+1 < len(lines) && n < 4; i += 2 {
		name := functionName(lines[i])
		if strings.Contains(name, "/narrowtest.In.") {
			break
		}
		if strings.HasPrefix(name, "syscall.") || strings.HasPrefix(name, "internal/") || strings.HasPrefix(name, "runtime.") {
			continue
		}
		place, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +0x")
		fmt.Fprintf(&b, "\n\tby %s at %s", name, place)
		n++
	}
	return b.String()
}

// functionName is a line of a stack without the arguments, which stand in its
// last parentheses, `main.(*server).open({0x6a5804, 0x1})`.
func functionName(line string) string {
	if at := strings.LastIndex(line, "("); at > 0 && strings.HasSuffix(line, ")") {
		return line[:at]
	}
	return line
}
