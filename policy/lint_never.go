package policy

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
)

// neverHolds warns of a call whose conditions hold on no architecture: of the
// one that cannot, or of all together.
func (r *resolver) neverHolds(e *CallExpr) {
	for _, a := range r.arches {
		call, _ := a.Call(e.Name)
		for _, c := range e.Conds {
			if _, t := r.cond(a, call, e, c); t == fails {
				r.warn(c.Pos, fmt.Sprintf("%s can never hold", c), r.whyNever(a, call, c), "")
				return
			}
		}
	}
	r.warn(e.Pos, fmt.Sprintf("the conditions of %s can never hold together", e), "expected some call that fits them all", "")
}

// whyNever says what an argument can be.
func (r *resolver) whyNever(a *abi.Arch, call *abi.Syscall, c *CondExpr) string {
	g, ok := argumentOf(a, call, c.Arg.Text)
	if !ok || c.Mask != nil {
		return ""
	}
	return fmt.Sprintf("%s, is %s", g.describe(), g.extent())
}
