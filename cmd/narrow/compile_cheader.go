package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/interop"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// formatCHeader is the one format that has all phases and classes in it.
const formatCHeader = "c-header"

// compileCHeader is the policy as a header for C, its filters and the order of
// its phases proved.
func compileCHeader(s *streams, set *settings, sc *scope, arg string, how compilation) ([]byte, error) {
	if sc.phase != "" || sc.thread != "" {
		return nil, usage("--to c-header has every phase and thread class; leave out --phase and --thread")
	}
	p, err := set.load(arg, s)
	if err != nil {
		return nil, err
	}
	s.warn(p)
	s.warnEmpty(p)
	if p, err = sc.policyOn(p); err != nil {
		return nil, err
	}
	if widening, _ := checkOrder(verify.New(verify.Limits{}), p); len(widening) > 0 {
		return nil, badInput(errors.New(strings.Join(widening, "\n")))
	}
	proofs := proved.Remember()
	text, err := interop.CHeader(p, interop.CHeaderOptions{
		Source:     sourceName(arg),
		Program:    func(r *policy.Rules) (bpf.Program, error) { return how.program(s, proofs, r) },
		BestEffort: how.bestEffort,
	})
	var status *statusError
	if err == nil || errors.As(err, &status) {
		return text, err
	}
	return nil, badInput(err)
}

// sourceName is what the header calls the policy: no folder of this machine.
func sourceName(arg string) string {
	if arg == "-" {
		return "standard input"
	}
	return filepath.Base(arg)
}

// policyOn is the policy for --arch alone; without it as it is.
func (sc *scope) policyOn(p *policy.Policy) (*policy.Policy, error) {
	if sc.arch == "" {
		return p, nil
	}
	want, ok := abi.ByName(sc.arch)
	if !ok {
		return nil, usage("unknown arch %q", sc.arch)
	}
	for _, a := range p.Arches {
		if a == want {
			few := *p
			few.Arches = []*abi.Arch{a}
			return &few, nil
		}
	}
	return nil, usage("the policy is not for %s", want.Name)
}
