package launch

import (
	"fmt"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/policy"
)

// processWide returns the rules that hold for every thread of a phase: the
// least strict of the phase's own and its thread classes'.
func processWide(phase *policy.PhaseRules) *policy.Rules {
	if len(phase.Classes) == 0 {
		return phase.Own
	}
	wide := &policy.Rules{Else: phase.Own.Else, ElseAt: phase.Own.ElseAt}
	for i, own := range phase.Own.Arches {
		joined := &policy.ArchRules{Arch: own.Arch, Lists: slices.Clone(own.Lists)}
		for _, c := range phase.Classes {
			joined.Lists = append(joined.Lists, c.Rules.Arches[i].Lists...)
		}
		wide.Arches = append(wide.Arches, joined)
	}
	return wide
}

// admitStart returns the rules with one more, where they need it: the execve
// of this machine's own ABI with exactly these three registers. added tells
// whether it was needed. rules is not changed.
func admitStart(rules *policy.Rules, native *abi.Arch, registers [3]uint64) (with *policy.Rules, added bool, err error) {
	call, ok := native.Call("execve")
	if !ok {
		return nil, false, fmt.Errorf("the tables know no execve of %s", native.Name)
	}
	at := slices.IndexFunc(rules.Arches, func(a *policy.ArchRules) bool { return a.Arch.Name == native.Name })
	data := &bpf.Data{Nr: call.Nr, Arch: native.Audit, Args: [6]uint64{registers[0], registers[1], registers[2]}}
	if at < 0 {
		if rules.Else.Kind >= policy.Log {
			return rules, false, nil
		}
		return nil, false, fmt.Errorf("the policy is not for this machine: %s is not in its arch line", native.Name)
	}
	if letsRun(rules.Arches[at], data) {
		return rules, false, nil
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

// letsRun reports whether the kernel would run the call: allow or log, by any of the lists.
func letsRun(a *policy.ArchRules, d *bpf.Data) bool {
	for _, list := range a.Lists {
		if decide(list, d).Verdict.Kind >= policy.Log {
			return true
		}
	}
	return false
}

// decide returns the first rule that matches.
func decide(list policy.List, d *bpf.Data) *policy.RuleMatch {
	for _, r := range list {
		if in(r.Numbers, uint64(d.Nr)) && !slices.ContainsFunc(r.Conds, func(c policy.Cond) bool {
			return !in(c.Ranges, c.Operand.Value(d)&c.Mask)
		}) {
			return r
		}
	}
	return &policy.RuleMatch{} // kill-process
}

func in(ranges []policy.Range, v uint64) bool {
	return slices.ContainsFunc(ranges, func(r policy.Range) bool { return r.Low <= v && v <= r.High })
}

// filterOf compiles the rules; nil is a filter that need not be installed.
func filterOf(rules *policy.Rules) (bpf.Program, error) {
	if allowsEverything(rules) {
		return nil, nil
	}
	return compile.Compile(rules, compile.Options{})
}

// allowsEverything reports whether the rules let every call through: `allow *`
// alone installs nothing. It counts as such although calls by other ABIs are
// denied, if that is only so because the policy does not speak of them.
func allowsEverything(rules *policy.Rules) bool {
	spoken := rules.ElseAt != (policy.Pos{})
	if spoken && rules.Else.Kind != policy.Allow {
		return false
	}
	for _, arch := range rules.Arches {
		if !slices.ContainsFunc(arch.Lists, allowsEvery) {
			return false
		}
	}
	return true
}

// allowsEvery reports whether no rule before the first that matches every call
// does anything but allow, and that one neither.
func allowsEvery(list policy.List) bool {
	if len(list) == 0 {
		return false
	}
	every := list[len(list)-1].Numbers // the last rule matches every call
	for _, r := range list {
		if r.Verdict.Kind != policy.Allow {
			return false
		}
		if len(r.Conds) == 0 && slices.Equal(r.Numbers, every) {
			return true
		}
	}
	return false
}
