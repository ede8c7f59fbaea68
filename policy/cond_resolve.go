package policy

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// truth is what is known of a condition before any call is made.
type truth uint8

const (
	open   truth = iota // it depends on the call
	holds               // it always holds
	fails               // it never holds
	unseen              // the call has no such argument on this architecture
	broken              // it has an error
)

// conds resolves the conditions of a call on one architecture; call is nil for
// `*` and for a number that the tables lack. What always holds is left out.
func (r *resolver) conds(a *abi.Arch, call *abi.Syscall, e *CallExpr) ([]Cond, truth) {
	var out []Cond
	all := holds
	for _, ce := range e.Conds {
		c, t := r.cond(a, call, e, ce)
		all = max(all, t)
		if t == open {
			out = append(out, c)
		}
	}
	if all <= holds && len(out) > 0 {
		return out, open
	}
	return out, all
}

// cond resolves one condition.
func (r *resolver) cond(a *abi.Arch, call *abi.Syscall, e *CallExpr, c *CondExpr) (Cond, truth) {
	g, ok := argumentOf(a, call, c.Arg.Text)
	if !ok {
		return Cond{}, unseen
	}
	if g, ok = r.refine(a, call, e, c, g); !ok {
		return Cond{}, broken
	}
	if g.pointer && !isNullTest(c) {
		r.pointerCompared(&g, c)
		return Cond{}, broken
	}
	mask := g.bits()
	if c.Mask != nil {
		n, ok := r.value(a, c.Mask)
		if !ok {
			return Cond{}, broken
		}
		if mask, ok = r.pattern(a, &g, c.Mask, n); !ok {
			return Cond{}, broken
		}
	}
	mask, ranges, ok := r.ranges(a, &g, mask, c)
	if !ok {
		return Cond{}, broken
	}
	ranges = attain(mask, ranges)
	result := Cond{Operand: g.operand, Mask: mask, Ranges: ranges, Name: g.name}
	switch {
	case len(ranges) == 0:
		return result, fails
	case always(mask, ranges):
		return result, holds
	}
	return result, open
}

// ranges is the values that satisfy a condition, and the bits that they are
// compared in.
func (r *resolver) ranges(a *abi.Arch, g *argument, mask uint64, c *CondExpr) (uint64, []Range, bool) {
	switch c.Op {
	case Has, Lacks, Only:
		return r.flags(a, g, mask, c)
	case In, NotIn:
		ranges, ok := r.list(a, g, mask, c)
		if c.Op == NotIn {
			ranges = complement(ranges, g.bits())
		}
		return mask, ranges, ok
	}
	if len(c.List) != 1 {
		return mask, nil, false // the parser has said so
	}
	v, ok := r.operandValue(a, g, mask, c, c.Op, c.List[0].Low)
	if !ok {
		return mask, nil, false
	}
	return mask, domainOf(g, mask).compare(c.Op, v), true
}

// flags resolves has, lacks and only: each is a mask with one value.
func (r *resolver) flags(a *abi.Arch, g *argument, mask uint64, c *CondExpr) (uint64, []Range, bool) {
	if len(c.List) != 1 {
		return mask, nil, false
	}
	e := c.List[0].Low
	n, ok := r.value(a, e)
	if !ok {
		return mask, nil, false
	}
	v, ok := r.pattern(a, g, e, n)
	if !ok || !r.inMask(c, e, mask, v) {
		return mask, nil, false
	}
	switch c.Op {
	case Has:
		return v, single(v), true
	case Lacks:
		return v, single(0), true
	}
	return mask &^ v, single(0), true
}

// list resolves `{a, b, 3..9}`.
func (r *resolver) list(a *abi.Arch, g *argument, mask uint64, c *CondExpr) ([]Range, bool) {
	var ranges []Range
	good := true
	d := domainOf(g, mask)
	for _, e := range c.List {
		op := Equal
		if e.High != nil {
			op = LessEqual
		}
		low, ok := r.operandValue(a, g, mask, c, op, e.Low)
		high := low
		if ok && e.High != nil {
			high, ok = r.operandValue(a, g, mask, c, op, e.High)
		}
		switch {
		case !ok:
			good = false
		case d.less(high, low):
			r.fail(e.Low.Pos, fmt.Sprintf("the range %s is empty", e), "expected the lower number first", fmt.Sprintf("write %s..%s", e.High, e.Low))
			good = false
		default:
			ranges = append(ranges, d.between(low, high)...)
		}
	}
	return union(ranges), good
}

// operandValue resolves a value with which the argument's bits under a mask
// are compared by op.
func (r *resolver) operandValue(a *abi.Arch, g *argument, mask uint64, c *CondExpr, op Op, e *ValueExpr) (uint64, bool) {
	n, ok := r.value(a, e)
	if !ok {
		return 0, false
	}
	v := uint64(0)
	if domainOf(g, mask).flip != 0 || mask == g.bits() {
		v, ok = r.convert(a, g, op, e, n)
	} else {
		v, ok = r.pattern(a, g, e, n)
	}
	return v, ok && r.inMask(c, e, mask, v)
}

// inMask reports whether a value has bits of the mask only, and complains if not.
func (r *resolver) inMask(c *CondExpr, e *ValueExpr, mask, v uint64) bool {
	if v&^mask == 0 {
		return true
	}
	r.fail(e.Pos, fmt.Sprintf("%s has bits (0x%x) that the mask %s takes away", e, v&^mask, c.Mask),
		"expected bits of the mask only", fmt.Sprintf("with this value %s %s can only be false", c.Arg.Text, c.Op))
	return false
}

// isNullTest reports whether a condition only asks for NULL or not NULL.
func isNullTest(c *CondExpr) bool {
	if c.Mask != nil || c.Op != Equal && c.Op != NotEqual && c.Op != In && c.Op != NotIn {
		return false
	}
	for _, e := range c.List {
		if e.High != nil || len(e.Low.Terms) != 1 || e.Low.Terms[0].Text != "NULL" {
			return false
		}
	}
	return true
}

// pointerCompared says why a pointer's value means nothing here.
func (r *resolver) pointerCompared(g *argument, c *CondExpr) {
	want := "expected == NULL or != NULL, as seccomp cannot see what a pointer points to"
	hint := "grant paths in a files block, ports and addresses in a network block"
	switch {
	case strings.Contains(g.typ, "sockaddr"):
		hint = "grant ports and addresses in a network block"
	case strings.Contains(g.typ, "char"):
		hint = "grant paths in a files block"
	case len(c.List) == 1 && c.List[0].Low != nil && c.List[0].Low.String() == "0":
		hint = "write NULL"
	}
	r.fail(c.Pos, fmt.Sprintf("%s is a pointer (%s)", g.name, g.typ), want, hint)
}

// wrongArguments lists the arguments that a call has, for each condition that
// names another on every architecture.
func (r *resolver) wrongArguments(a *abi.Arch, call *abi.Syscall, e *CallExpr) {
	for _, c := range e.Conds {
		if _, ok := argumentOf(a, call, c.Arg.Text); !ok {
			r.wrongArgument(call, e, c)
		}
	}
}

func (r *resolver) wrongArgument(call *abi.Syscall, e *CallExpr, c *CondExpr) {
	const raw = "arg0..arg5"
	what := fmt.Sprintf("%s has no argument named %s", e.Name, quote(c.Arg.Text))
	if call == nil || len(call.Args) == 0 {
		r.fail(c.Pos, what, "expected one of the raw registers "+raw, "")
		return
	}
	names := make([]string, len(call.Args))
	for i := range call.Args {
		names[i] = call.Args[i].Name
	}
	r.fail(c.Pos, what, "expected "+strings.Join(names, ", ")+" or "+raw, r.suggest(c.Arg.Text, func() []string { return names }))
}
