// Command elastic is github.com/elastic/go-seccomp-bpf as a peer: see package
// wire. It has no comparison under a mask, but whether bits are set: a test
// that all of some are not is written with that, and any other cannot be. Its
// errno is always EPERM.
package main

import (
	"fmt"
	"log"
	"os"

	seccomp "github.com/elastic/go-seccomp-bpf"
	xbpf "golang.org/x/net/bpf"

	"github.com/narrow-sandbox/narrow/bench/peers/wire"
	"github.com/narrow-sandbox/narrow/bpf"
)

func main() {
	if err := wire.Serve(os.Stdin, os.Stdout, build); err != nil {
		log.Fatal(err)
	}
}

var ops = map[wire.Op]seccomp.Operation{
	wire.NE: seccomp.NotEqual, wire.LT: seccomp.LessThan, wire.LE: seccomp.LessOrEqual, wire.EQ: seccomp.Equal,
	wire.GE: seccomp.GreaterOrEqual, wire.GT: seccomp.GreaterThan,
}

func build(f *wire.Filter) (bpf.Program, error) {
	policy := seccomp.Policy{DefaultAction: action(f.Default)}
	groups := map[uint32]int{}
	for _, r := range f.Rules {
		at, ok := groups[r.Action]
		if !ok {
			at = len(policy.Syscalls)
			groups[r.Action] = at
			policy.Syscalls = append(policy.Syscalls, seccomp.SyscallGroup{Action: action(r.Action)})
		}
		g := &policy.Syscalls[at]
		if len(r.Conds) == 0 {
			g.Names = append(g.Names, r.Name)
			continue
		}
		conds, err := conditions(r.Conds)
		if err != nil {
			return nil, err
		}
		g.NamesWithCondtions = append(g.NamesWithCondtions, seccomp.NameWithConditions{Name: r.Name, Conditions: conds})
	}
	code, err := policy.Assemble()
	if err != nil {
		return nil, err
	}
	raw, err := xbpf.Assemble(code)
	if err != nil {
		return nil, err
	}
	program := make(bpf.Program, len(raw))
	for i, in := range raw {
		program[i] = bpf.Instruction{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return program, nil
}

// action is without data, which it does not take.
func action(a uint32) seccomp.Action { return seccomp.Action(bpf.Action(a).Kind()) }

func conditions(conds []wire.Cond) (seccomp.ArgumentConditions, error) {
	var all seccomp.ArgumentConditions
	for _, c := range conds {
		out := seccomp.Condition{Argument: uint32(c.Arg), Operation: ops[c.Op], Value: c.Value}
		if c.Op == wire.MaskedEQ {
			if c.Value != 0 {
				return nil, fmt.Errorf("it cannot compare with %#x under the mask %#x", c.Value, c.Mask)
			}
			out.Operation, out.Value = seccomp.BitsNotSet, c.Mask
		}
		all = append(all, out)
	}
	return all, nil
}
