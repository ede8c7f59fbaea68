package launch

import (
	"fmt"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

// startFilter returns the proved filter of rules, which lets this start's own
// execve through: the execve of this machine's own ABI with exactly these three
// registers. added tells whether the rules themselves would not have.
func startFilter(proofs *proved.Proofs, rules *policy.Rules, native *abi.Arch, registers [3]uint64) (program bpf.Program, added bool, err error) {
	call, ok := native.Call("execve")
	if !ok {
		return nil, false, fmt.Errorf("the tables know no execve of %s", native.Name)
	}
	data := &bpf.Data{Nr: call.Nr, Arch: native.Audit, Args: [6]uint64{registers[0], registers[1], registers[2]}}
	if v, _ := rules.Evaluate(data); v.Kind >= policy.Log {
		program, err = proofs.Filter(rules)
		return program, false, err
	}
	if !slices.ContainsFunc(rules.Arches, func(a *policy.ArchRules) bool { return a.Arch == native }) {
		return nil, false, fmt.Errorf("the policy is not for this machine: %s is not in its arch line", native.Name)
	}
	program, err = proofs.FilterWith(rules, proved.Exact{
		Arch: native, Nr: call.Nr, Registers: registers[:], Text: "execve(the three pointers of this start)",
	})
	return program, true, err
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
