package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/profiles"
)

// baseRules are in every policy that is made here: what a measured process
// needs (seccomp for the next filter of a stack), an allow without arguments (getppid) and one that looks at an argument
// (getpgid). getsid is in none.
var baseRules = []string{
	"read", "write", "seccomp", "clock_gettime", "exit_group", "getppid", "getpgid(pid == 0)",
}

// withoutRule is the call that those policies never allow.
const withoutRule = "getsid"

// policyOf is a policy of n rules, at least as many as baseRules: two in three
// of the others look at an argument.
func policyOf(n int) string {
	rules := slices.Clone(baseRules)
	arch, _ := abi.ByName("x86_64")
	for turn := 0; len(rules) < n; turn++ {
		for i, call := range arch.Calls() {
			if rule := ruleFor(&call, i, turn); rule != "" && len(rules) < n {
				rules = append(rules, rule)
			}
		}
	}
	var out strings.Builder
	fmt.Fprintf(&out, "language 1\npolicy rules-%d\narch x86_64\ndefault errno EPERM\n", n)
	for _, rule := range rules {
		fmt.Fprintf(&out, "allow %s\n", rule)
	}
	return out.String()
}

// ruleFor is a rule for the call, "" if it gets none this turn.
func ruleFor(call *abi.Syscall, i, turn int) string {
	if call.Name == withoutRule || slices.ContainsFunc(baseRules, func(r string) bool {
		name, _, _ := strings.Cut(r, "(")
		return name == call.Name
	}) {
		return ""
	}
	free := i%3 == 0
	if free && turn > 0 {
		return "" // it is allowed already
	}
	if free {
		return call.Name
	}
	for _, arg := range call.Args {
		if !arg.Pointer && arg.Bits == 32 {
			return fmt.Sprintf("%s(%s == %d)", call.Name, arg.Name, 1+i%7+8*turn)
		}
	}
	return ""
}

// compiled resolves and compiles a policy's first phase.
func compiled(name string, text []byte) (*policy.Rules, bpf.Program, error) {
	p, err := policy.Load(name, text, policy.Options{})
	if err != nil {
		return nil, nil, err
	}
	rules := p.Phases[0].Wide()
	program, err := compile.Compile(rules, compile.Options{})
	return rules, program, err
}

// memcachedProfile is the text of the shipped profile.
func memcachedProfile() []byte {
	text, _ := profiles.Text("memcached")
	return text
}
