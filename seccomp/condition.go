package seccomp

import (
	"fmt"
	"strconv"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// Op compares an argument with a value.
type Op = policy.Op

// The comparisons of libseccomp but SCMP_CMP_MASKED_EQ, which is Masked.
const (
	NotEqual     = policy.NotEqual     // SCMP_CMP_NE
	Less         = policy.Less         // SCMP_CMP_LT
	LessEqual    = policy.LessEqual    // SCMP_CMP_LE
	Equal        = policy.Equal        // SCMP_CMP_EQ
	GreaterEqual = policy.GreaterEqual // SCMP_CMP_GE
	Greater      = policy.Greater      // SCMP_CMP_GT
)

// Integer is any integer.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Condition is what must be so of an argument for a rule to match.
type Condition struct {
	name  string // the argument's, or "" for one by its place
	place int
	whole bool // all bits of the register at place
	op    Op
	mask  *uint64
	value term
}

// Arg compares an argument by the kernel's name for it (`fd`, `flags`, ...; see
// the call's manual page or `narrow explain`), as wide and signed as the kernel
// reads it.
func Arg[V Integer](name string, op Op, value V) Condition {
	return Condition{name: name, op: op, value: termOf(value)}
}

// At is Arg for the argument at a place, 0 for the first.
func At[V Integer](place int, op Op, value V) Condition {
	return Condition{place: place, op: op, value: termOf(value)}
}

// Masked asks whether the bits of mask in an argument are value
// (SCMP_CMP_MASKED_EQ). Bits of value outside mask are an error.
func Masked[M, V Integer](name string, mask M, value V) Condition {
	m := termOf(mask).bits
	return Condition{name: name, op: Equal, mask: &m, value: termOf(value)}
}

// Register compares all bits of the register of an argument's place, unsigned,
// as libseccomp does: 64 of them on a 64-bit architecture.
func Register[V Integer](place int, op Op, value V) Condition {
	return Condition{place: place, whole: true, op: op, value: term{bits: termOf(value).bits}}
}

// MaskedRegister is Masked for all bits of a register.
func MaskedRegister[M, V Integer](place int, mask M, value V) Condition {
	m := termOf(mask).bits
	return Condition{place: place, whole: true, op: Equal, mask: &m, value: term{bits: termOf(value).bits}}
}

func register(place int) string { return "arg" + strconv.Itoa(place) }

// term is a number: its bits, and whether it was negative.
type term struct {
	bits     uint64
	negative bool
}

func termOf[V Integer](v V) term { return term{uint64(v), v < 0} }

// text is the number as the language writes it: in hexadecimal where it is
// bits rather than a number.
func (t term) text(bits bool) string {
	switch {
	case t.negative:
		return strconv.FormatInt(int64(t.bits), 10)
	case bits && t.bits > 1<<16:
		return "0x" + strconv.FormatUint(t.bits, 16)
	}
	return strconv.FormatUint(t.bits, 10)
}

// expr is the condition as a policy has it; named tells whether the rule has
// conditions on arguments by their names, too.
func (c *Condition) expr(pos policy.Pos, call string, arches []*abi.Arch, named bool) (*policy.CondExpr, error) {
	if c.op > GreaterEqual {
		return nil, fmt.Errorf("unknown comparison Op(%d); expected Equal, NotEqual, Less, LessEqual, Greater or GreaterEqual", c.op)
	}
	name, err := c.argument(call, arches, named)
	if err != nil {
		return nil, err
	}
	e := &policy.CondExpr{Pos: pos, Arg: policy.Word{Pos: pos, Text: name}, Op: c.op}
	equality := c.op == Equal || c.op == NotEqual
	e.List = []policy.RangeExpr{{Low: valueExpr(pos, c.value.text(equality))}}
	if c.mask != nil {
		e.Mask = valueExpr(pos, "0x"+strconv.FormatUint(*c.mask, 16))
	}
	return e, nil
}

// argument is the name of what is compared.
func (c *Condition) argument(call string, arches []*abi.Arch, named bool) (string, error) {
	switch {
	case c.whole:
		return registerAt(c.place, call, arches, named)
	case c.name == "":
		return nameAt(c.place, call, arches)
	}
	return c.name, nil
}

func valueExpr(pos policy.Pos, text string) *policy.ValueExpr {
	return &policy.ValueExpr{Pos: pos, Terms: []policy.Term{{Pos: pos, Text: text}}}
}

// registerAt is the name of a whole register: arg0 to arg5, but for a call such
// as prctl, whose arguments have some of these names for other registers. There
// it is the name of the argument in the register, if that is as wide: where its
// width depends on another argument (Syscall.Decider), none may be named.
func registerAt(place int, call string, arches []*abi.Arch, named bool) (string, error) {
	name := register(place)
	for _, a := range arches {
		c, ok := a.Call(call)
		if !ok {
			continue
		}
		if _, taken := c.Arg(name); !taken {
			continue
		}
		for i := range c.Args {
			if int(c.Args[i].Reg) == place && isWhole(a, c, &c.Args[i], named) {
				return nameAt(i, call, arches)
			}
		}
		return "", fmt.Errorf("the register at place %d of %s cannot be compared whole; use Arg with the argument's name", place, call)
	}
	return name, nil
}

// isWhole reports whether an argument is compared as all bits of its register.
func isWhole(a *abi.Arch, c *abi.Syscall, g *abi.Arg, named bool) bool {
	_, depends := c.Decider(g)
	return int(g.Bits) == a.Register && !g.Signed && !g.Pointer && !(depends && named)
}

// nameAt finds the argument at a place, which must be the same one on all
// architectures that have the call.
func nameAt(place int, call string, arches []*abi.Arch) (string, error) {
	name, on := "", ""
	for _, a := range arches {
		c, ok := a.Call(call)
		if !ok {
			continue
		}
		if place < 0 || place >= len(c.Args) {
			return "", fmt.Errorf("%s has no argument at place %d on %s; expected 0..%d", call, place, a.Name, len(c.Args)-1)
		}
		if got := c.Args[place].Name; name == "" {
			name, on = got, a.Name
		} else if got != name {
			return "", fmt.Errorf("the argument at place %d of %s is %s on %s and %s on %s; use Arg with its name", place, call, name, on, got, a.Name)
		}
	}
	if name == "" {
		return register(place), nil // a call that nobody has is told by its name
	}
	return name, nil
}
