// Command gvisor is gVisor's pkg/seccomp as a peer: see package wire.
package main

import (
	"log"
	"os"

	"gvisor.dev/gvisor/pkg/seccomp"

	"github.com/narrow-sandbox/narrow/bench/peers/wire"
	"github.com/narrow-sandbox/narrow/bpf"
)

func main() {
	if err := wire.Serve(os.Stdin, os.Stdout, build); err != nil {
		log.Fatal(err)
	}
}

func build(f *wire.Filter) (bpf.Program, error) {
	// The rules of each action are a set; the first set that matches decides.
	var order []uint32
	rules := map[uint32]map[uintptr]seccomp.SyscallRule{}
	for _, r := range f.Rules {
		if rules[r.Action] == nil {
			rules[r.Action] = map[uintptr]seccomp.SyscallRule{}
			order = append(order, r.Action)
		}
		add(rules[r.Action], uintptr(r.Nr), rule(r.Conds))
	}
	p := seccomp.Program{Options: seccomp.ProgramOptions{DefaultAction: action(f.Default), BadArchAction: seccomp.KillThread}}
	for _, a := range order {
		p.RuleSets = append(p.RuleSets, seccomp.RuleSet{Rules: seccomp.MakeSyscallRules(rules[a]), Action: action(a)})
	}
	code, _, err := p.Build()
	if err != nil {
		return nil, err
	}
	program := make(bpf.Program, len(code))
	for i, in := range code {
		program[i] = bpf.Instruction{Code: in.OpCode, Jt: in.JumpIfTrue, Jf: in.JumpIfFalse, K: in.K}
	}
	return program, nil
}

// add adds a rule for a call, which may have some.
func add(rules map[uintptr]seccomp.SyscallRule, nr uintptr, r seccomp.SyscallRule) {
	if before, ok := rules[nr]; ok {
		rules[nr] = seccomp.Or{before, r}
		return
	}
	rules[nr] = r
}

func rule(conds []wire.Cond) seccomp.SyscallRule {
	if len(conds) == 0 {
		return seccomp.MatchAll{}
	}
	var all seccomp.And
	for _, c := range conds {
		var args seccomp.PerArg
		for i := range args {
			args[i] = seccomp.AnyValue{}
		}
		args[c.Arg] = matcher(c)
		all = append(all, args)
	}
	return all
}

func matcher(c wire.Cond) seccomp.ValueMatcher {
	v := uintptr(c.Value)
	switch c.Op {
	case wire.NE:
		return seccomp.NotEqual(v)
	case wire.LT:
		return seccomp.LessThan(v)
	case wire.LE:
		return seccomp.LessThanOrEqual(v)
	case wire.GE:
		return seccomp.GreaterThanOrEqual(v)
	case wire.GT:
		return seccomp.GreaterThan(v)
	case wire.MaskedEQ:
		return seccomp.MaskedEqual(uintptr(c.Mask), v)
	}
	return seccomp.EqualTo(v)
}

func action(a uint32) seccomp.Action {
	switch b := bpf.Action(a); b.Kind() {
	case bpf.RetAllow:
		return seccomp.Allow
	case bpf.RetErrno:
		return seccomp.ReturnError.Code(b.Data())
	}
	return seccomp.KillThread
}
