//go:build libseccomp

// Command libseccompgo is libseccomp-golang as a peer: see package wire. It
// needs cgo and libseccomp's headers, and so a build tag.
package main

import (
	"io"
	"log"
	"os"

	"github.com/seccomp/libseccomp-golang"

	"github.com/narrow-sandbox/narrow/bench/peers/wire"
	"github.com/narrow-sandbox/narrow/bpf"
)

func main() {
	if err := wire.Serve(os.Stdin, os.Stdout, build); err != nil {
		log.Fatal(err)
	}
}

var ops = map[wire.Op]seccomp.ScmpCompareOp{
	wire.NE: seccomp.CompareNotEqual, wire.LT: seccomp.CompareLess, wire.LE: seccomp.CompareLessOrEqual, wire.EQ: seccomp.CompareEqual,
	wire.GE: seccomp.CompareGreaterEqual, wire.GT: seccomp.CompareGreater, wire.MaskedEQ: seccomp.CompareMaskedEqual,
}

func action(a uint32) seccomp.ScmpAction {
	if bpf.Action(a).Kind() == bpf.RetErrno {
		return seccomp.ActErrno.SetReturnCode(int16(a))
	}
	if bpf.Action(a).Kind() == bpf.RetAllow {
		return seccomp.ActAllow
	}
	return seccomp.ActKillProcess
}

// build makes the filter as runc does, with the tree.
func build(f *wire.Filter) (bpf.Program, error) {
	filter, err := seccomp.NewFilter(action(f.Default))
	if err != nil {
		return nil, err
	}
	defer filter.Release()
	if err := filter.SetOptimize(2); err != nil {
		return nil, err
	}
	for _, r := range f.Rules {
		var conds []seccomp.ScmpCondition
		for _, c := range r.Conds {
			values := []uint64{c.Value}
			if c.Op == wire.MaskedEQ {
				values = []uint64{c.Mask, c.Value}
			}
			cond, err := seccomp.MakeCondition(uint(c.Arg), ops[c.Op], values...)
			if err != nil {
				return nil, err
			}
			conds = append(conds, cond)
		}
		if err := filter.AddRuleConditional(seccomp.ScmpSyscall(r.Nr), action(r.Action), conds); err != nil {
			return nil, err
		}
	}
	return export(filter)
}

func export(filter *seccomp.ScmpFilter) (bpf.Program, error) {
	in, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	failed := filterTo(filter, out)
	raw, err := io.ReadAll(in)
	if err := <-failed; err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	return bpf.Decode(raw)
}

// filterTo writes the filter from beside, as a pipe holds little.
func filterTo(filter *seccomp.ScmpFilter, out *os.File) <-chan error {
	failed := make(chan error, 1)
	go func() {
		err := filter.ExportBPF(out)
		out.Close()
		failed <- err
	}()
	return failed
}
