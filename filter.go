package narrow

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

// step is a phase, ready to be entered.
type step struct {
	phase   *policy.PhaseRules
	kept    []string
	wide    *filter            // for the whole process; nil installs none
	own     *filter            // for threads of the unnamed class
	classes map[string]*filter // by the class's name in the policy
}

// filter is rules and the program that is proved to be them.
type filter struct {
	rules   *policy.Rules
	program bpf.Program
	lacks   error // what the kernel lacks for it; asked for when the first phase is entered
}

// builder makes the filters of a policy and proves them.
type builder struct {
	policy *policy.Policy
	needs  Needs
	proofs *proved.Proofs
	trap   bool // see Sandbox.Trapping
}

// build makes a Sandbox: every filter compiled and proved, the phases a staircase.
func (b *builder) build() (*Sandbox, error) {
	if b.policy == nil {
		return nil, errUnmade()
	}
	p, needs := b.policy, b.needs
	s := &Sandbox{policy: p, needs: needs, threads: map[int]threadEntry{}, domains: make([][]int, len(p.Phases))}
	for i := range p.Phases {
		st, err := b.step(i)
		if err != nil {
			return nil, err
		}
		s.steps = append(s.steps, st)
	}
	if err := b.staircase(s.steps); err != nil {
		return nil, err
	}
	return s, budget(s.steps)
}

func (b *builder) step(i int) (*step, error) {
	ph := b.policy.Phases[i]
	st := &step{phase: ph, classes: map[string]*filter{}}
	if ph.Strict || ph.Unfiltered() {
		return st, nil
	}
	if err := unsupervised(ph); err != nil {
		return nil, err
	}
	wide, kept, err := wideRules(b.policy, i)
	if err != nil {
		return nil, &Error{Phase: ph.Name, Layer: LayerSeccomp, Err: err}
	}
	st.kept = kept
	if st.wide, err = b.filter(wide, ph.Name, ""); err != nil {
		return nil, err
	}
	if len(ph.Classes) == 0 {
		return st, nil
	}
	if st.own, err = b.filter(ph.Own, ph.Name, ""); err != nil {
		return nil, err
	}
	for _, c := range ph.Classes {
		if c.Strict {
			continue
		}
		if st.classes[c.Name], err = b.filter(c.Rules, ph.Name, c.Name); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// filter compiles rules and proves the program.
func (b *builder) filter(rules *policy.Rules, phase, class string) (*filter, error) {
	wrong := func(kind, err error) error {
		return &Error{Phase: phase, Class: class, Layer: LayerSeccomp, Kind: kind, Err: err}
	}
	rules, err := b.revise(rules)
	if err != nil {
		return nil, wrong(nil, err)
	}
	program, err := b.proofs.Filter(rules)
	var unproved *proved.Error
	switch {
	case errors.As(err, &unproved):
		return nil, wrong(ErrUnproved, err)
	case err != nil:
		return nil, wrong(nil, err)
	}
	return &filter{rules: rules, program: program}, nil
}

// staircase proves that no phase lets run what those before it stop: no
// thread's rules, and not the process-wide filter.
func (b *builder) staircase(steps []*step) error {
	for _, s := range b.policy.Staircase() {
		if err := b.proofs.Order(s.Later, s.Earlier...); err != nil {
			return widening(&s, err)
		}
	}
	var before []*policy.Rules
	for _, st := range steps {
		if st.wide == nil {
			continue
		}
		if err := b.proofs.Order(st.wide.rules, before...); err != nil {
			return &Error{Phase: st.phase.Name, Kind: ErrStaircase, Err: err,
				Hint: "allow the call in the earlier phases too, or not in this one"}
		}
		before = append(before, st.wide.rules)
	}
	return nil
}

// widening says which call a later phase would let run, by which rule.
func widening(s *policy.Stair, err error) error {
	e := &Error{Phase: s.Phase.Name, Kind: ErrStaircase, Err: err, Hint: "allow the call in the earlier phases too, or not in this one"}
	if s.Class != nil {
		e.Class = s.Class.Name
	}
	var unproved *proved.Error
	if errors.As(err, &unproved) && unproved.Result.Witness != nil {
		at := s.Phase.Pos
		if _, rule := s.Later.Evaluate(&unproved.Result.Witness.Call); rule != nil {
			at = rule.Pos
		}
		e.Err = fmt.Errorf("%v: it lets run what phase %s stops: %s", at, strings.Join(s.Before(), ", or phase "), unproved.Why())
	}
	return e
}

// budget checks that the kernel admits the filters on top of each other.
func budget(steps []*step) error {
	var stack bpf.Stack
	for _, st := range steps {
		if st.wide == nil {
			continue
		}
		stack = append(stack, st.wide.program)
		top := bpf.Program(nil)
		for _, f := range st.threadFilters() {
			if f.program.Cost() > top.Cost() {
				top = f.program
			}
		}
		whole := slices.Clone(stack)
		if top != nil {
			whole = append(whole, top)
		}
		if err := whole.Check(); err != nil {
			return &Error{Phase: st.phase.Name, Layer: LayerSeccomp, Err: err}
		}
	}
	return nil
}

// filters are the wide one and those of threads.
func (st *step) filters() []*filter {
	all := st.threadFilters()
	if st.wide != nil {
		all = append(all, st.wide)
	}
	return all
}

// threadFilters are the filters that threads may stack on the wide one.
func (st *step) threadFilters() []*filter {
	var all []*filter
	if st.own != nil {
		all = append(all, st.own)
	}
	for _, f := range st.classes {
		all = append(all, f)
	}
	return all
}

// unsupervised refuses verdicts that somebody beside the program must answer.
func unsupervised(ph *policy.PhaseRules) error {
	sets := []*policy.Rules{ph.Own}
	for _, c := range ph.Classes {
		sets = append(sets, c.Rules)
	}
	for _, rules := range sets {
		for _, found := range verdicts(rules) {
			if k := found.verdict.Kind; k == policy.Trace || k == policy.Notify {
				return &Error{Phase: ph.Name, Layer: LayerSeccomp,
					Err: fmt.Errorf("%v: %v needs a supervisor that answers, and a program that narrows itself has none", found.pos, strings.TrimSpace(k.String()+" "+found.text))}
			}
		}
	}
	return nil
}

type placed struct {
	verdict policy.Verdict
	pos     policy.Pos
	text    string
}

// verdicts lists the verdicts of rules with their places.
func verdicts(r *policy.Rules) []placed {
	all := []placed{{r.Else, r.ElseAt, "of other ABIs"}}
	for _, a := range r.Arches {
		for _, list := range a.Lists {
			for _, m := range list {
				all = append(all, placed{m.Verdict, m.Pos, m.Text})
			}
		}
	}
	return all
}
