package oci

import (
	"fmt"
	"math"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// verdicts are libseccomp's actions; those that take data have it in errnoRet.
var verdicts = map[string]policy.Kind{
	"SCMP_ACT_KILL": policy.KillThread, "SCMP_ACT_KILL_THREAD": policy.KillThread, "SCMP_ACT_KILL_PROCESS": policy.KillProcess,
	"SCMP_ACT_TRAP": policy.Trap, "SCMP_ACT_ERRNO": policy.Errno, "SCMP_ACT_TRACE": policy.Trace,
	"SCMP_ACT_ALLOW": policy.Allow, "SCMP_ACT_LOG": policy.Log, "SCMP_ACT_NOTIFY": policy.Notify,
}

// eperm is what runc returns where a profile does not say.
const eperm = 1

// verdictOf is the verdict of an action with its errno, by number or by name.
func verdictOf(action string, ret *uint, name string, a *abi.Arch) (policy.Verdict, error) {
	kind, ok := verdicts[action]
	if !ok {
		return policy.Verdict{}, fmt.Errorf("unknown action %q; expected one such as SCMP_ACT_ALLOW", action)
	}
	v := policy.Verdict{Kind: kind}
	if kind != policy.Errno && kind != policy.Trace {
		return v, nil // runc hands errnoRet to no other
	}
	v.Data = eperm
	switch {
	case ret != nil && *ret > math.MaxUint16:
		return v, fmt.Errorf("errnoRet %d is too large; expected at most %d", *ret, math.MaxUint16)
	case ret != nil:
		v.Data = uint16(*ret)
	case name != "":
		n, ok := a.Constant(name)
		if !ok || name[0] != 'E' || n < 0 || n > math.MaxUint16 {
			return v, fmt.Errorf("unknown errno %q", name)
		}
		v.Data = uint16(n)
	}
	return v, nil
}

// operators are libseccomp's comparisons but for the masked one.
var operators = map[string]string{
	"SCMP_CMP_NE": "!=", "SCMP_CMP_LT": "<", "SCMP_CMP_LE": "<=", "SCMP_CMP_EQ": "==", "SCMP_CMP_GE": ">=", "SCMP_CMP_GT": ">",
}

// conditions are the rules that a rule's arguments make: one with all of them,
// or, where one register is compared twice, one for each, as in runc. None
// means that every call fits.
func conditions(args []argument, arches []*abi.Arch) ([][]string, error) {
	var all []string
	seen, twice := map[uint]bool{}, false
	for _, a := range args {
		text, err := a.text(arches)
		if err != nil {
			return nil, err
		}
		twice = twice || seen[a.Index]
		seen[a.Index] = true
		all = append(all, text)
	}
	switch {
	case len(all) == 0:
		return nil, nil
	case !twice:
		return [][]string{all}, nil
	}
	var each [][]string
	for _, text := range all {
		each = append(each, []string{text})
	}
	return each, nil
}

// text is the condition in the notation, on the raw register.
func (a *argument) text(arches []*abi.Arch) (string, error) {
	const registers = 6
	if a.Index >= registers {
		return "", fmt.Errorf("argument %d; a call has 0 to %d", a.Index, registers-1)
	}
	for _, arch := range arches {
		if (a.Value|a.ValueTwo)>>32 != 0 && arch.Register == 32 {
			return "", fmt.Errorf("%#x is wider than a register of %s; expected at most 0xffffffff", max(a.Value, a.ValueTwo), arch.Name)
		}
	}
	if a.Op == "SCMP_CMP_MASKED_EQ" {
		if a.ValueTwo&^a.Value != 0 {
			return "", fmt.Errorf("no number masked with %#x is %#x", a.Value, a.ValueTwo)
		}
		return fmt.Sprintf("arg%d & %#x == %#x", a.Index, a.Value, a.ValueTwo), nil
	}
	op, ok := operators[a.Op]
	if !ok {
		return "", fmt.Errorf("unknown op %q; expected one such as SCMP_CMP_EQ", a.Op)
	}
	return fmt.Sprintf("arg%d %s %d", a.Index, op, a.Value), nil
}
