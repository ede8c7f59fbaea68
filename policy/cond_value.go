package policy

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// number is a value of the language on one architecture: its 64 bits, two's
// complement if it was negative.
type number struct {
	bits     uint64
	negative bool
	named    bool // a constant, which C converts to the argument's type
	radix    bool // written in hexadecimal, octal or binary: bits rather than a number
	null     bool // NULL
}

// value reads a value: its terms or'ed. What is wrong is reported; then it is
// false.
func (r *resolver) value(a *abi.Arch, e *ValueExpr) (number, bool) {
	var n number
	good := len(e.Terms) > 0
	for i := range e.Terms {
		t, ok := r.term(a, &e.Terms[i])
		good = good && ok
		n = n.or(t)
	}
	return n, good
}

// term reads a number, a constant or a param.
func (r *resolver) term(a *abi.Arch, t *Term) (number, bool) {
	name, isParam := strings.CutPrefix(t.Text, "$")
	if !isParam {
		return r.literal(a, t.Pos, t.Text, "")
	}
	p, ok := r.param(t.Pos, name)
	if !ok {
		return number{}, false
	}
	var n number
	for _, part := range strings.Split(p.Value, "|") {
		v, ok := r.literal(a, t.Pos, strings.TrimSpace(part), name)
		if !ok {
			return number{}, false
		}
		n = n.or(v)
	}
	return n, true
}

// or joins two terms of a value.
func (n number) or(m number) number {
	return number{n.bits | m.bits, n.negative || m.negative, n.named || m.named, n.radix || m.radix, n.null || m.null}
}

// literal reads a number or a constant; param is where it comes from, if so.
func (r *resolver) literal(a *abi.Arch, pos Pos, text, param string) (number, bool) {
	switch {
	case text == "NULL":
		return number{null: true}, true
	case text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9'):
		magnitude, negative, err := parseNumber(text)
		if err != nil {
			r.fail(pos, err.Error()+ofParam(param), "expected a number of 64 bits, such as 7, 0x1f or 0644", "")
			return number{}, false
		}
		if negative {
			return number{bits: -magnitude, negative: magnitude != 0}, true
		}
		return number{bits: magnitude, radix: len(text) > 1 && text[0] == '0'}, true
	}
	v, ok := a.Constant(text)
	if !ok {
		r.unknownConstant(a, pos, text, param)
		return number{}, false
	}
	return number{bits: uint64(v), negative: v < 0, named: true}, true
}

func ofParam(param string) string {
	if param == "" {
		return ""
	}
	return ", the value of $" + param
}

// unknownConstant says that an architecture, or every one, lacks a constant.
func (r *resolver) unknownConstant(a *abi.Arch, pos Pos, text, param string) {
	if abi.KnownConstant(text) {
		r.fail(pos, fmt.Sprintf("%s has no constant %s%s", a.Name, text, ofParam(param)),
			"expected one that every architecture of the policy has",
			"write its value as a number, or leave "+a.Name+" out of the arch line")
		return
	}
	r.fail(pos, fmt.Sprintf("unknown constant %s%s", quote(text), ofParam(param)), "expected a number, a constant of the kernel's headers or a $param",
		r.suggest(text, func() []string { return a.ConstantNames() }))
}

// convert makes a value one of the argument's: a pattern of its bits. A
// constant is converted as C does, so that AT_FDCWD fits where it is used, and
// so are bits in hexadecimal or octal where only equality is asked for; other
// numbers must be ones that the type has.
func (r *resolver) convert(a *abi.Arch, g *argument, op Op, e *ValueExpr, n number) (uint64, bool) {
	all := g.bits()
	switch {
	case n.radix && !n.negative && n.bits <= all && (op == Equal || op == NotEqual):
		return n.bits, true
	case n.named && (n.negative && n.bits|all>>1 == ^uint64(0) || !n.negative && n.bits <= all):
		return n.bits & all, true
	case n.negative && !g.signed:
		r.fail(e.Pos, fmt.Sprintf("%s is negative%s", e, r.only(a)), "expected a value of "+g.describe(),
			fmt.Sprintf("write 0x%x for the same bits", n.bits&all))
		return 0, false
	case n.negative && n.bits|all>>1 == ^uint64(0):
		return n.bits & all, true
	case !n.negative && n.bits <= all>>1:
		return n.bits, true
	case !n.negative && !g.signed && n.bits <= all:
		return n.bits, true
	}
	hint := ""
	if g.signed && !n.negative && n.bits <= all {
		hint = fmt.Sprintf("write %d for the same bits", int64(n.bits|^all))
	}
	r.tooWide(a, g, e, hint)
	return 0, false
}

// pattern makes a value a pattern of the argument's bits: flags and masks,
// whose sign is of no matter.
func (r *resolver) pattern(a *abi.Arch, g *argument, e *ValueExpr, n number) (uint64, bool) {
	all := g.bits()
	if !n.negative && n.bits <= all {
		return n.bits, true
	}
	if n.negative && n.bits|all>>1 == ^uint64(0) {
		return n.bits & all, true
	}
	r.tooWide(a, g, e, "")
	return 0, false
}

func (r *resolver) tooWide(a *abi.Arch, g *argument, e *ValueExpr, hint string) {
	r.fail(e.Pos, fmt.Sprintf("%s is too wide for %s%s", e, g.describe(), r.only(a)), "expected "+g.extent(), hint)
}

// extent is the numbers of the argument's type.
func (g *argument) extent() string {
	if g.signed {
		least := int64(-1) << (g.operand.Bits - 1)
		return fmt.Sprintf("%d..%d", least, -(least + 1))
	}
	return "0.." + strconv.FormatUint(g.bits(), 10)
}

// only says which architecture an error is about, where the policy has several.
func (r *resolver) only(a *abi.Arch) string {
	if len(r.arches) < 2 {
		return ""
	}
	return " on " + a.Name
}
