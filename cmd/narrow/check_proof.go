package main

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// prove asks the verifier whether the program is the rules.
func prove(v *verify.Prover, rules *policy.Rules, prog bpf.Program) (proof, problem string) {
	code, err := v.Program(prog)
	if err != nil {
		return "failed", err.Error()
	}
	result, err := v.Equal(code, v.Rules(rules))
	switch {
	case err != nil:
		return "failed", err.Error()
	case result.Answer == verify.Yes:
		return "proved", ""
	case result.Answer == verify.No:
		return "failed", fmt.Sprintf("the program and the policy differ on %s", describe(result.Witness.Call))
	}
	return "unproved", "the proof gave up: " + result.Reason
}

// meaningOf is what a thread meets once the phases of a stack are entered.
func meaningOf(v *verify.Prover, stack []*policy.PhaseRules, thread string) *verify.Meaning {
	var filters []*verify.Meaning
	for _, ph := range stack {
		if !ph.Unfiltered() {
			filters = append(filters, v.Rules(ph.For(thread)))
		}
	}
	return v.Stack(filters...)
}

// checkOrder proves that no phase lets run what the phases before it stop, and
// says of a milder denial that it is one.
func checkOrder(v *verify.Prover, p *policy.Policy) (widening, milder []string) {
	for i, ph := range p.Phases[1:] {
		before := p.Phases[:i+1]
		for _, thread := range threadNames(ph, "") {
			later, earlier := v.Rules(ph.For(thread)), meaningOf(v, before, thread)
			where := phaseThread(ph.Name, thread)
			if text := orderProblem(v.Subset(later, earlier)); text != "" {
				widening = append(widening, fmt.Sprintf("%s: phase %s lets run what an earlier phase stops: %s", ph.Pos, where, text))
			} else if text := orderProblem(v.AsStrict(later, earlier)); text != "" {
				milder = append(milder, fmt.Sprintf("%s: warning: phase %s denies more mildly than an earlier phase, whose verdict stays: %s", ph.Pos, where, text))
			}
		}
	}
	return widening, milder
}

// orderProblem is empty for a yes.
func orderProblem(r verify.Result, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case r.Answer == verify.Yes:
		return ""
	case r.Answer == verify.No:
		return fmt.Sprintf("%s: %s, before %s", describe(r.Witness.Call),
			policy.VerdictOf(r.Witness.Left), policy.VerdictOf(r.Witness.Right))
	}
	return "not proved: " + r.Reason
}

func phaseThread(phase, thread string) string {
	if thread == "" {
		return phase
	}
	return phase + ", thread " + thread
}
