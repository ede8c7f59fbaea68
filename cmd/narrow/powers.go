package main

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
)

// powers are the names of the calls of one architecture that a filter lets
// run, each list sorted.
type powers struct {
	calls  []string // with some arguments at least
	some   []string // those of them that not every argument lets run
	always []string // those that are allowed outright, whatever the arguments
}

// powersOf asks the verifier for a filter's powers.
func powersOf(v *verify.Prover, m *verify.Meaning, arch *abi.Arch) (*powers, error) {
	answers, err := v.Calls(m, arch)
	if err != nil {
		return nil, err
	}
	p := &powers{calls: []string{}, some: []string{}}
	for _, a := range answers {
		runs, stops := 0, 0
		for _, value := range a.Values {
			if verify.Runs(value) {
				runs++
			} else {
				stops++
			}
		}
		if runs == 0 {
			continue
		}
		p.calls = append(p.calls, a.Call.Name)
		switch {
		case stops > 0:
			p.some = append(p.some, a.Call.Name)
		case runs == 1 && a.Values[0] == bpf.RetAllow:
			p.always = append(p.always, a.Call.Name)
		}
	}
	return p, nil
}
