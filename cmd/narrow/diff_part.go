package main

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// part writes the calls that one argument tells, as a rule would.
type part struct {
	*verify.Part
	arch *abi.Arch
	call *abi.Syscall
	arg  *abi.Arg // whose constants spell the values; nil where no argument is in the register
}

// partText is such as socket(family in {AF_INET, AF_INET6}).
func partText(a *abi.Arch, call *abi.Syscall, v *verify.Part) string {
	p := part{v, a, call, v.Arg}
	name := fmt.Sprintf("arg%d", v.Register)
	if p.arg != nil {
		name = p.arg.Name
	}
	for i := range call.Args { // the raw register's values have names, too
		if arg := &call.Args[i]; p.arg == nil && int(arg.Reg) == v.Register && arg.High < 0 && !arg.Pointer {
			p.arg = arg
		}
	}
	return call.Name + "(" + name + p.condition() + ")"
}

func (p *part) condition() string {
	switch {
	case p.Mask == 0:
		return p.list()
	case p.Value == 0 && !p.Not:
		return " lacks " + p.value(p.Mask)
	case p.Value == p.Mask && !p.Not:
		return " has " + p.value(p.Mask)
	case p.Not && p.Mask == 1<<p.Bits-1:
		return " != " + p.value(p.Value)
	case p.Not:
		return fmt.Sprintf(" & %s != %s", p.value(p.Mask), p.value(p.Value))
	}
	return fmt.Sprintf(" & %s == %s", p.value(p.Mask), p.value(p.Value))
}

// list is " == V" or " in {V, V, L..H}".
func (p *part) list() string {
	var values []string
	for _, r := range p.Ranges {
		values = append(values, p.values(r)...)
	}
	if len(values) == 1 && p.Ranges[0].Low == p.Ranges[0].High {
		return " == " + values[0]
	}
	return " in {" + strings.Join(values, ", ") + "}"
}

// values is a range, or, if it is short, each of its values.
func (p *part) values(r policy.Range) []string {
	const short = 8
	if r.High-r.Low >= short {
		return []string{decimal(r.Low) + ".." + decimal(r.High)}
	}
	var each []string
	for i := range r.High - r.Low + 1 {
		each = append(each, p.value(r.Low+i))
	}
	return each
}

// value is a number, or the name of a constant that the argument takes.
func (p *part) value(v uint64) string {
	if p.arg != nil && v>>p.arg.Bits == 0 {
		return p.arch.Format(p.call, p.arg, v)
	}
	return decimal(v)
}

// decimal is a number, in hexadecimal unless it is short.
func decimal(v uint64) string {
	if v < 1<<16 {
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("%#x", v)
}
