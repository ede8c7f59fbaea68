package inject

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// Layers is what the threads of a process take on in one step. It is
// immutable once made and may be used for many processes.
type Layers struct {
	Phase        string
	Domains      []*ruleset.Plan // Landlock's of the phase, for every thread
	Memory       bool            // PR_SET_MDWE, for the process
	Capabilities *kernel.CapSet  // that threads keep of theirs; nil leaves them alone
	Limits       []policy.Limit  // for the process

	// Before are the phases whose filters the process may have already, in
	// their order. They are what is believed of filters that cannot be read,
	// which takes root's rights.
	Before []*policy.PhaseRules

	// Earlier are the domains of these phases, one after the other, which come
	// along unless the process is believed to be in them. It may be nil.
	Earlier [][]*ruleset.Plan

	phase   *policy.PhaseRules
	own     *Filter            // of threads that no class names; nil installs none
	classes map[string]*Filter // by the class's name; a nil one installs none
}

// Filter is rules and the program that is proved to be them.
type Filter struct {
	Rules   *policy.Rules
	Program bpf.Program // none for mode 1
	Strict  bool        // mode 1 instead of a program
}

// New makes the layers of a phase: its filters, one for each thread class,
// compiled and proved, now or before; and domains that the caller has planned.
func New(phase *policy.PhaseRules, domains []*ruleset.Plan) (*Layers, error) {
	l := &Layers{Phase: phase.Name, Domains: domains, phase: phase, classes: map[string]*Filter{}}
	unnamed := &policy.Class{Rules: phase.Own, Strict: phase.Strict}
	filters, err := newFilters(phase.Name, append([]*policy.Class{unnamed}, phase.Classes...))
	if err != nil {
		return nil, err
	}
	l.own = filters[0]
	for i, c := range phase.Classes {
		l.classes[c.Name] = filters[1+i]
	}
	return l, nil
}

// newFilters compiles the rules of classes, the unnamed one first, and proves
// the programs; nil for rules that allow everything.
func newFilters(phase string, classes []*policy.Class) ([]*Filter, error) {
	filters, errs := make([]*Filter, len(classes)), make([]error, len(classes))
	var rules []*policy.Rules
	var of []int // the class of each
	for i, c := range classes {
		switch {
		case c.Strict:
			filters[i] = &Filter{Rules: c.Rules, Strict: true}
		case unfiltered(c.Rules):
		default:
			filters[i], errs[i] = &Filter{Rules: c.Rules}, unanswered(c.Rules)
			rules, of = append(rules, c.Rules), append(of, i)
		}
	}
	if err := inClasses(phase, classes, errs); err != nil {
		return nil, err
	}
	programs, refused := proved.Remember().Filters(rules)
	for k, i := range of {
		filters[i].Program, errs[i] = programs[k], refused[k]
	}
	return filters, inClasses(phase, classes, errs)
}

// inClasses joins the errors of classes, and names these.
func inClasses(phase string, classes []*policy.Class, errs []error) error {
	var all []error
	for i, err := range errs {
		switch {
		case err == nil:
		case classes[i].Name == "":
			all = append(all, fmt.Errorf("phase %s: %w", phase, err))
		default:
			all = append(all, fmt.Errorf("phase %s, thread %s: %w", phase, classes[i].Name, err))
		}
	}
	return errors.Join(all...)
}

// unfiltered reports whether rules allow everything, so that no filter is
// installed for them.
func unfiltered(rules *policy.Rules) bool {
	return (&policy.PhaseRules{Own: rules}).Unfiltered()
}

// unanswered refuses verdicts that somebody beside the program must answer:
// nobody is there when the tracer has gone.
func unanswered(rules *policy.Rules) error {
	needs := func(v policy.Verdict) bool { return v.Kind == policy.Trace || v.Kind == policy.Notify }
	if needs(rules.Else) {
		return fmt.Errorf("%v: else %v needs a supervisor that answers, and none stays beside the process", rules.ElseAt, rules.Else)
	}
	for _, a := range rules.Arches {
		for _, list := range a.Lists {
			for _, m := range list {
				if needs(m.Verdict) {
					return fmt.Errorf("%v: %v %s needs a supervisor that answers, and none stays beside the process", m.Pos, m.Verdict, m.Text)
				}
			}
		}
	}
	return nil
}

// For is the filter of a thread, and the name of its class, "" being the
// unnamed one. The process's first thread is of the class main, or else of the
// one that its own name finds.
func (l *Layers) For(name string, first bool) (f *Filter, class string) {
	c := classOf(l.phase, name, first)
	if c == nil {
		return l.own, ""
	}
	return l.classes[c.Name], c.Name
}

// classOf is the class of a thread in a phase.
func classOf(phase *policy.PhaseRules, name string, first bool) *policy.Class {
	return phase.ClassOf(first, name)
}

// rulesOf is the rules of a thread in a phase.
func rulesOf(phase *policy.PhaseRules, name string, first bool) *policy.Rules {
	if c := classOf(phase, name, first); c != nil {
		return c.Rules
	}
	return phase.Own
}

// native refuses a policy that has no rules for this machine's own calls, as
// the process's next call would be its last.
func (l *Layers) native() error {
	for _, f := range l.filters() {
		if !f.Rules.Else.Kind.Runs() && len(f.Rules.On(abi.Native()).Lists) == 0 {
			return fmt.Errorf("the policy's arch line lacks %v, by which the process calls the kernel", abi.Native())
		}
	}
	return nil
}

// filters are those of all classes.
func (l *Layers) filters() []*Filter {
	var all []*Filter
	if l.own != nil {
		all = append(all, l.own)
	}
	for _, c := range l.phase.Classes {
		if f := l.classes[c.Name]; f != nil {
			all = append(all, f)
		}
	}
	return all
}
