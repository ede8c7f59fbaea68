package interop

import (
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// cArch is one architecture's part of the header.
type cArch struct {
	Name      string
	Condition string // of the preprocessor
	Numbers   []cNumber
	Filters   []cFilter
}

// cNumber is the number of a call or of a resource limit.
type cNumber struct {
	Name  string // nr_seccomp, RLIMIT_NOFILE
	Value uint32
}

// cConditions tells compilers for one ABI from all others.
var cConditions = map[string]string{
	"x86_64":      "defined(__x86_64__) && !defined(__ILP32__)",
	"x32":         "defined(__x86_64__) && defined(__ILP32__)",
	"i386":        "defined(__i386__)",
	"aarch64":     "defined(__aarch64__) && !defined(__AARCH64EB__) && !defined(__ILP32__)",
	"arm":         "defined(__arm__) && defined(__ARM_EABI__) && !defined(__ARMEB__)",
	"riscv64":     "defined(__riscv) && __riscv_xlen == 64",
	"ppc":         "defined(__powerpc__) && !defined(__powerpc64__)",
	"ppc64":       "defined(__powerpc64__) && defined(__BIG_ENDIAN__)",
	"ppc64le":     "defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)",
	"s390x":       "defined(__s390x__)",
	"loongarch64": "defined(__loongarch__) && __loongarch_grlen == 64",
	"mips":        "defined(__mips__) && defined(_MIPSEB) && _MIPS_SIM == _ABIO32",
	"mipsel":      "defined(__mips__) && defined(_MIPSEL) && _MIPS_SIM == _ABIO32",
	"mips64":      "defined(__mips__) && defined(_MIPSEB) && _MIPS_SIM == _ABI64",
	"mips64el":    "defined(__mips__) && defined(_MIPSEL) && _MIPS_SIM == _ABI64",
}

// kernels are the ABIs whose calls one and the same kernel takes, so that a
// filter must decide them all; an ABI in none is alone.
var kernels = [][]string{
	{"x86_64", "x32", "i386"},
	{"aarch64", "arm"},
	{"ppc64", "ppc"},
	{"mips64", "mips"},
	{"mips64el", "mipsel"},
}

// onKernelOf leaves of rules what a program of one architecture can be decided
// by: calls by other machines' ABIs never come.
func onKernelOf(a *abi.Arch, rules *policy.Rules) *policy.Rules {
	few := &policy.Rules{Else: rules.Else, ElseAt: rules.ElseAt}
	for _, r := range rules.Arches {
		if r.Arch == a || sameKernel(a.Name, r.Arch.Name) {
			few.Arches = append(few.Arches, r)
		}
	}
	return few
}

func sameKernel(a, b string) bool {
	return slices.ContainsFunc(kernels, func(k []string) bool { return slices.Contains(k, a) && slices.Contains(k, b) })
}

// numbers are what the header's calls take that is not the same everywhere.
func (h *cHeader) numbers(a *abi.Arch) []cNumber {
	names := []string{"prctl", "seccomp"}
	if h.Alone {
		names = append(names, "unshare")
	}
	if len(h.Rulesets) > 0 {
		names = append(names, "close", "fcntl", "futex", "getdents64", "getpid", "gettid", "landlock_add_rule", "landlock_create_ruleset",
			"landlock_restrict_self", "nanosleep", "openat", "rt_sigaction", "sched_yield", "tgkill")
	}
	if h.Process.Close {
		names = append(names, "close_range")
	}
	if h.Process.Limit {
		names = append(names, "prlimit64")
	}
	var numbers []cNumber
	for _, name := range names {
		if call, ok := a.Call(name); ok {
			numbers = append(numbers, cNumber{"nr_" + name, call.Nr})
		}
	}
	if len(h.Rulesets) > 0 {
		numbers = append(numbers, signalNumbers(a)...)
	}
	for _, limit := range h.policy.Process.Limits {
		if n, ok := a.Constant("RLIMIT_" + limit.Name); ok {
			numbers = append(numbers, cNumber{"RLIMIT_" + limit.Name, uint32(n)})
		}
	}
	return numbers
}

// signalNumbers are what signalling all threads takes: the size in bytes of the
// kernel's sigset_t and, in units of 4 bytes, where the (low half of the) flags
// are in its struct sigaction (include/linux/signal_types.h: behind the handler, but
// mips has them first).
func signalNumbers(a *abi.Arch) []cNumber {
	sigset, flags := uint32(8), uint32(a.Word/32)
	switch {
	case strings.HasPrefix(a.Name, "mips"):
		sigset, flags = 16, 0
	case a.BigEndian && a.Word == 64:
		flags++
	}
	directory, _ := a.Constant("O_DIRECTORY")
	return []cNumber{{"SIGSET", sigset}, {"SA_FLAGS", flags}, {"O_DIRECTORY", uint32(directory)}}
}

// archNames is "x86_64 and aarch64".
func archNames(arches []*abi.Arch) string {
	names := make([]string, len(arches))
	for i, a := range arches {
		names[i] = a.Name
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return strings.Join(names, "")
}
