package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// scope is the part of a policy that a verb is about.
type scope struct {
	phase, thread, arch string
}

func (sc *scope) flags(c *cobra.Command) {
	c.Flags().StringVar(&sc.phase, "phase", "", "the `PHASE` meant, where a policy has several")
	c.Flags().StringVar(&sc.thread, "thread", "", "the rules of a thread of this `NAME`; without it those that hold for the whole process")
}

func (sc *scope) archFlag(c *cobra.Command) {
	c.Flags().StringVar(&sc.arch, "arch", "", "one `ARCH` of the policy")
}

// stack finds the phases that have been entered once sc.phase has, the first
// phase first. Without --phase the policy must have a single one.
func (sc *scope) stack(p *policy.Policy) ([]*policy.PhaseRules, error) {
	if sc.phase == "" {
		if len(p.Phases) > 1 {
			return nil, usage("the policy has phases %s: choose one with --phase", phaseNames(p))
		}
		return p.Phases, nil
	}
	for i, ph := range p.Phases {
		if ph.Name == sc.phase {
			return p.Phases[:i+1], nil
		}
	}
	return nil, usage("the policy has no phase %q; it has %s", sc.phase, phaseNames(p))
}

// one finds the phase itself.
func (sc *scope) one(p *policy.Policy) (*policy.PhaseRules, error) {
	stack, err := sc.stack(p)
	if err != nil {
		return nil, err
	}
	return stack[len(stack)-1], nil
}

// rules are a phase's for sc.thread, or its process-wide join.
func (sc *scope) rules(ph *policy.PhaseRules) *policy.Rules {
	if sc.thread == "" {
		return ph.Wide()
	}
	return ph.For(sc.thread)
}

// chosenArch is the --arch of the policy; without it the machine's own if the
// policy has it, else the policy's first.
func (sc *scope) chosenArch(p *policy.Policy) (*abi.Arch, error) {
	if sc.arch == "" {
		return defaultArch(p), nil
	}
	a, ok := abi.ByName(sc.arch)
	if !ok {
		return nil, usage("unknown arch %q", sc.arch)
	}
	return a, nil
}

func defaultArch(p *policy.Policy) *abi.Arch {
	native := abi.Native()
	for _, a := range p.Arches {
		if a == native {
			return a
		}
	}
	return p.Arches[0]
}

func phaseNames(p *policy.Policy) string {
	names := make([]string, len(p.Phases))
	for i, ph := range p.Phases {
		names[i] = ph.Name
	}
	return strings.Join(names, ", ")
}
