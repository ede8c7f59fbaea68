package policy

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
)

// refine gives an argument the width with which the kernel reads it where
// another condition of the call settles that: prctl's arg2 is an int for some
// values of option, and a test of all 64 bits could be walked round then.
// Where the values that another condition names would make it several widths,
// that is an error; without such a condition the width is the greatest.
func (r *resolver) refine(a *abi.Arch, call *abi.Syscall, e *CallExpr, c *CondExpr, g argument) (argument, bool) {
	if call == nil {
		return g, true
	}
	arg, ok := call.Arg(alias(call, c.Arg.Text))
	if !ok {
		return g, true
	}
	decider, ok := call.Decider(arg)
	if !ok {
		return g, true
	}
	first := ""
	for _, v := range settled(e, decider) {
		d, ok := r.value(a, v)
		if !ok {
			return g, false
		}
		narrowed := a.Refine(call, arg, d.bits)
		refined := named(g.name, &narrowed)
		if first != "" && refined != g {
			r.fail(c.Pos, fmt.Sprintf("%s has %d bits for %s and %d for %s%s", g.name, g.operand.Bits, first, refined.operand.Bits, v, r.only(a)),
				"expected values of "+decider.Name+" that agree in it", "write a call for each")
			return g, false
		}
		g, first = refined, v.String()
	}
	return g, true
}

// settled is the values that the call's conditions leave to an argument, none
// if they leave a range.
func settled(e *CallExpr, arg *abi.Arg) []*ValueExpr {
	for _, c := range e.Conds {
		if c.Arg.Text != arg.Name || c.Mask != nil || c.Op != Equal && c.Op != In {
			continue
		}
		var values []*ValueExpr
		for _, v := range c.List {
			if v.High != nil {
				return nil
			}
			values = append(values, v.Low)
		}
		return values
	}
	return nil
}
