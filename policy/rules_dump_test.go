package policy

import (
	"fmt"
	"strings"
)

// dumpRules prints rules in a form for tables: a line each with the numbers, the
// conditions, the verdict and the origin.
func dumpRules(r *Rules) string {
	var b strings.Builder
	for _, a := range r.Arches {
		for _, l := range a.Lists {
			fmt.Fprintf(&b, "%s:\n", a.Arch.Name)
			for _, m := range l {
				fmt.Fprintf(&b, "  %s\n", dumpMatch(m))
			}
		}
	}
	fmt.Fprintf(&b, "else %v\n", r.Else)
	return b.String()
}

func dumpMatch(m *RuleMatch) string {
	parts := []string{m.Verdict.String(), dumpRanges(m.Numbers)}
	for _, c := range m.Conds {
		parts = append(parts, dumpCond(c))
	}
	return strings.Join(parts, " ")
}

func dumpCond(c Cond) string {
	reg := fmt.Sprintf("%s=r%d", c.Name, c.Operand.Reg)
	if c.Operand.High >= 0 {
		reg += fmt.Sprintf("+r%d", c.Operand.High)
	}
	text := fmt.Sprintf("%s:%d", reg, c.Operand.Bits)
	if c.Mask != ^uint64(0)>>(64-c.Operand.Bits) {
		text += fmt.Sprintf("&%#x", c.Mask)
	}
	return text + "{" + dumpRanges(c.Ranges) + "}"
}

func dumpRanges(rs []Range) string {
	parts := make([]string, len(rs))
	for i, r := range rs {
		parts[i] = fmt.Sprintf("%#x", r.Low)
		if r.Low < 10 {
			parts[i] = fmt.Sprint(r.Low)
		}
		if r.High != r.Low {
			parts[i] += fmt.Sprintf("-%#x", r.High)
		}
	}
	return strings.Join(parts, ",")
}
