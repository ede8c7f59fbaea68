package seccomp

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// AddRule adds a rule: the action for a call, whatever its arguments are, on
// every architecture of the filter.
func (f *ScmpFilter) AddRule(call ScmpSyscall, action ScmpAction) error {
	return f.addRule((*scmp.Context).AddRule, call, action, nil)
}

// AddRuleExact is AddRule, and an error where an architecture can have the rule
// only in another form.
func (f *ScmpFilter) AddRuleExact(call ScmpSyscall, action ScmpAction) error {
	return f.addRule((*scmp.Context).AddRuleExact, call, action, nil)
}

// AddRuleConditional adds a rule that holds where all conditions do. There can
// be one for each argument.
func (f *ScmpFilter) AddRuleConditional(call ScmpSyscall, action ScmpAction, conds []ScmpCondition) error {
	return f.addRule((*scmp.Context).AddRule, call, action, conds)
}

// AddRuleConditionalExact is AddRuleConditional, and an error where an
// architecture can have the rule only in another form.
func (f *ScmpFilter) AddRuleConditionalExact(call ScmpSyscall, action ScmpAction, conds []ScmpCondition) error {
	return f.addRule((*scmp.Context).AddRuleExact, call, action, conds)
}

// SetSyscallPriority hints how often a call is made: the higher, the fewer
// steps it takes.
func (f *ScmpFilter) SetSyscallPriority(call ScmpSyscall, priority uint8) error {
	return f.with(func(c *scmp.Context) error { return c.SetPriority(int32(call), priority) })
}

type ruleAdder func(*scmp.Context, scmp.Action, int32, ...scmp.Comparison) error

func (f *ScmpFilter) addRule(add ruleAdder, call ScmpSyscall, action ScmpAction, conds []ScmpCondition) error {
	comparisons := make([]scmp.Comparison, len(conds))
	for i, c := range conds {
		comparisons[i] = c.comparison()
	}
	return f.with(func(c *scmp.Context) error {
		if err := sanitizeAction(action); err != nil {
			return err
		}
		return explain(call, add(c, action.kernel(), int32(call), comparisons...))
	})
}

// explain says in words what an errno of adding a rule means.
func explain(call ScmpSyscall, err error) error {
	switch {
	case errors.Is(err, syscall.EFAULT):
		return fmt.Errorf("unrecognized syscall %#x", int32(call))
	case errors.Is(err, syscall.EACCES):
		return errDefAction
	case errors.Is(err, syscall.EINVAL):
		return errors.New("two checks on same syscall argument")
	}
	return err
}
