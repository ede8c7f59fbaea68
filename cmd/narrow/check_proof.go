package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// prove asks the verifier whether a program, by its meaning, is the rules.
func prove(v *verify.Prover, rules *policy.Rules, code *verify.Meaning) (proof, problem string) {
	result, err := v.Equal(code, v.Rules(rules))
	switch {
	case err != nil:
		return "failed", err.Error()
	case result.Answer == verify.Yes:
		return "proved", ""
	case result.Answer == verify.No:
		return "failed", fmt.Sprintf("the program and the policy differ on %s", describe(result.Witness.Call))
	}
	return "unknown", "the proof gave up: " + result.Reason
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
	for _, s := range p.Staircase() {
		later, earlier := v.Rules(s.Later), stackOf(v, s.Earlier)
		r, err := v.Subset(later, earlier)
		if text := orderProblem(r, err); text != "" {
			at, before := decides(&s, r)
			widening = append(widening, fmt.Sprintf("%s: phase %s lets run what phase %s stops: %s", at, s.Title(), before, text))
			continue
		}
		r, err = v.AsStrict(later, earlier)
		if text := orderProblem(r, err); text != "" {
			at, before := decides(&s, r)
			milder = append(milder, fmt.Sprintf("%s: warning: phase %s denies more mildly than phase %s, whose verdict stays: %s", at, s.Title(), before, text))
		}
	}
	return distinct(widening), distinct(milder)
}

// decides is the place of the later phase's rule for a witness, and the earlier
// phase whose verdict it gets.
func decides(s *policy.Stair, r verify.Result) (at policy.Pos, before string) {
	if r.Witness == nil {
		return s.Phase.Pos, strings.Join(s.Before(), " or ")
	}
	at = s.Phase.Pos
	if _, rule := s.Later.Evaluate(&r.Witness.Call); rule != nil {
		at = rule.Pos
	}
	for i, rules := range s.Earlier {
		if v, _ := rules.Evaluate(&r.Witness.Call); v == policy.VerdictOf(r.Witness.Right) {
			return at, s.Before()[i]
		}
	}
	return at, strings.Join(s.Before(), " or ")
}

// distinct leaves the first of equal lines.
func distinct(lines []string) []string {
	var once []string
	for _, l := range lines {
		if !slices.Contains(once, l) {
			once = append(once, l)
		}
	}
	return once
}

func stackOf(v *verify.Prover, rules []*policy.Rules) *verify.Meaning {
	var filters []*verify.Meaning
	for _, r := range rules {
		filters = append(filters, v.Rules(r))
	}
	return v.Stack(filters...)
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
