package launch

import (
	"fmt"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// admitStart returns the rules with one more, where they need it: the execve
// of this machine's own ABI with exactly these three registers. added tells
// whether it was needed. rules is not changed.
func admitStart(rules *policy.Rules, native *abi.Arch, registers [3]uint64) (with *policy.Rules, added bool, err error) {
	call, ok := native.Call("execve")
	if !ok {
		return nil, false, fmt.Errorf("the tables know no execve of %s", native.Name)
	}
	data := &bpf.Data{Nr: call.Nr, Arch: native.Audit, Args: [6]uint64{registers[0], registers[1], registers[2]}}
	if v, _ := rules.Evaluate(data); v.Kind >= policy.Log {
		return rules, false, nil
	}
	at := slices.IndexFunc(rules.Arches, func(a *policy.ArchRules) bool { return a.Arch.Name == native.Name })
	if at < 0 {
		return nil, false, fmt.Errorf("the policy is not for this machine: %s is not in its arch line", native.Name)
	}
	copied := *rules
	copied.Arches = slices.Clone(rules.Arches)
	copied.Arches[at] = prepend(rules.Arches[at], ownExecve(native, call.Nr, registers))
	return &copied, true, nil
}

// prepend puts a rule before all others of each list.
func prepend(a *policy.ArchRules, rule *policy.RuleMatch) *policy.ArchRules {
	with := &policy.ArchRules{Arch: a.Arch}
	for _, list := range a.Lists {
		with.Lists = append(with.Lists, append(policy.List{rule}, list...))
	}
	return with
}

// ownExecve is the rule that lets this one start through.
func ownExecve(native *abi.Arch, nr uint32, registers [3]uint64) *policy.RuleMatch {
	rule := &policy.RuleMatch{
		Verdict: policy.Verdict{Kind: policy.Allow},
		Numbers: []policy.Range{{Low: uint64(nr), High: uint64(nr)}},
		Text:    "execve(the three pointers of this start)",
		Origin:  policy.FromKernel,
	}
	for i, v := range registers {
		operand := policy.Operand{Reg: int8(i), High: -1, Bits: uint8(native.Register)}
		rule.Conds = append(rule.Conds, policy.Cond{
			Operand: operand,
			Mask:    ^uint64(0) >> (64 - native.Register),
			Ranges:  []policy.Range{{Low: v, High: v}},
			Name:    [3]string{"filename", "argv", "envp"}[i],
		})
	}
	return rule
}

// letsExec reports whether the policy itself lets some exec run, by whatever
// call of whatever architecture: then what may be executed is the policy's to
// say, and not for us to narrow further.
func letsExec(rules *policy.Rules) bool {
	for _, arch := range rules.Arches {
		for _, name := range [...]string{"execve", "execveat"} {
			call, ok := arch.Arch.Call(name)
			if ok && slices.ContainsFunc(arch.Lists, func(l policy.List) bool { return letsSome(l, uint64(call.Nr)) }) {
				return true
			}
		}
	}
	return false
}

// letsSome reports whether the list lets a call with that number run for some
// arguments, as far as one can tell without looking at the conditions of denials.
func letsSome(list policy.List, nr uint64) bool {
	for _, r := range list {
		switch {
		case !in(r.Numbers, nr):
		case r.Verdict.Kind >= policy.Log:
			return true
		case len(r.Conds) == 0:
			return false
		}
	}
	return false
}

// in reports whether v is in one of the ranges.
func in(ranges []policy.Range, v uint64) bool {
	return slices.ContainsFunc(ranges, func(r policy.Range) bool { return r.Low <= v && v <= r.High })
}
