package compile

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/policy"
)

// dump prints Rules a line a rule.
func dump(r *policy.Rules) string {
	var b strings.Builder
	fmt.Fprintf(&b, "else %v\n", r.Else)
	for _, a := range r.Arches {
		for i, list := range a.Lists {
			for _, rule := range list {
				fmt.Fprintf(&b, "%s %d: %v %x", a.Arch, i, rule.Verdict, rule.Numbers)
				for _, c := range rule.Conds {
					fmt.Fprintf(&b, " %+v & %x in %x", c.Operand, c.Mask, c.Ranges)
				}
				b.WriteByte('\n')
			}
		}
	}
	return b.String()
}
