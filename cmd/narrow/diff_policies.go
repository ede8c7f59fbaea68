package main

import (
	"slices"

	"github.com/narrow-sandbox/narrow/internal/launch"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// diffLayer is what a layer other than seccomp does in one policy only.
type diffLayer struct {
	Phase string `json:"phase"`
	Only  string `json:"only"` // left or right
	Layer string `json:"layer"`
	Does  string `json:"does"`
}

// comparePolicies compares the phases of one name, with the phases before
// them; if each policy has a single phase, those two whatever their names.
func (r *diffReport) comparePolicies(v *verify.Prover, sc *scope, a, b *policy.Policy) error {
	if sc.phase == "" && len(a.Phases) == 1 && len(b.Phases) == 1 {
		return r.comparePhase(v, sc, a, b, a.Phases[0].Name, b.Phases[0].Name)
	}
	if sc.phase != "" {
		for _, p := range []*policy.Policy{a, b} {
			if _, err := sc.stack(p); err != nil {
				return err
			}
		}
		return r.comparePhase(v, sc, a, b, sc.phase, sc.phase)
	}
	for _, ph := range a.Phases {
		if _, ok := b.Phase(ph.Name); !ok {
			r.Layers = append(r.Layers, diffLayer{ph.Name, "left", "phase", "the phase itself"})
			continue
		}
		if err := r.comparePhase(v, sc, a, b, ph.Name, ph.Name); err != nil {
			return err
		}
	}
	for _, ph := range b.Phases {
		if _, ok := a.Phase(ph.Name); !ok {
			r.Layers = append(r.Layers, diffLayer{ph.Name, "right", "phase", "the phase itself"})
		}
	}
	return nil
}

// comparePhase compares what holds once a phase of each policy is entered.
func (r *diffReport) comparePhase(v *verify.Prover, sc *scope, a, b *policy.Policy, nameA, nameB string) error {
	left, err := (&scope{phase: nameA}).stack(a)
	if err != nil {
		return err
	}
	right, err := (&scope{phase: nameB}).stack(b)
	if err != nil {
		return err
	}
	for _, thread := range bothThreads(left[len(left)-1], right[len(right)-1], sc.thread) {
		if err := r.add(v, meaningOf(v, left, thread), meaningOf(v, right, thread), nameA, thread); err != nil {
			return err
		}
	}
	return r.compareLayers(a, b, nameA, nameB)
}

// bothThreads are the thread classes that either phase names.
func bothThreads(a, b *policy.PhaseRules, only string) []string {
	names := threadNames(a, only)
	for _, name := range threadNames(b, only) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// compareLayers compares what the layers beside seccomp would do.
func (r *diffReport) compareLayers(a, b *policy.Policy, nameA, nameB string) error {
	left, err := otherLayers(a, nameA)
	if err != nil {
		return err
	}
	right, err := otherLayers(b, nameB)
	if err != nil {
		return err
	}
	r.onlyIn("left", nameA, left, right)
	r.onlyIn("right", nameB, right, left)
	return nil
}

// onlyIn notes what those layers do and the others do not.
func (r *diffReport) onlyIn(side, phase string, those, others [][2]string) {
	for _, l := range those {
		if !slices.Contains(others, l) {
			r.Layers = append(r.Layers, diffLayer{phase, side, l[0], l[1]})
		}
	}
}

// otherLayers are the pairs of a layer and a thing that it does.
func otherLayers(p *policy.Policy, phase string) ([][2]string, error) {
	plans, err := launch.Describe(p, phase)
	if err != nil {
		return nil, badInput(err)
	}
	var pairs [][2]string
	for _, plan := range plans {
		if plan.Layer == "seccomp" {
			continue
		}
		for _, does := range plan.Does {
			pairs = append(pairs, [2]string{string(plan.Layer), does})
		}
	}
	return pairs, nil
}
