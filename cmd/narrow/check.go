package main

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

func newCheck(s *streams) *cobra.Command {
	var (
		set    settings
		from   string
		limit  timeLimit
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "check POLICY|PROGRAM...",
		Short: "Parse, lint, compile and prove a policy, and run its tests",
		Long: `Check reads each POLICY, warns of what looks wrong, compiles every phase and
thread class, asks the kernel's admission rules about the programs, proves that
each program means what the policy says, and proves the policy's test blocks. It
counts how many calls may still run, as powers of two, and those that the
kernel lets through by its bitmap, without running the filter.

Of a PROGRAM (.bpf, .raw, .json) it says whether this kernel would admit it, and
why not; then, how many calls get which verdict, and what no call reaches.

What the proof cannot decide within --time is called unknown, with the reason.

It ends with 3 if a text is wrong or a later phase widens an earlier one, with 1
if a test or a proof fails, is unknown, or a program is refused.`,
		Example: "  narrow check memcached\n  narrow check --json my.narrow\n  narrow check filter.raw",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			worst := &statusError{}
			for _, arg := range args {
				err := checkOne(s, arg, from, &set, &limit, asJSON)
				worst = worst.worse(s, err)
			}
			if worst.status == statusGood {
				return nil
			}
			return worst
		},
	}
	set.flags(c)
	fromFlag(c, &from)
	limit.flag(c)
	jsonFlag(c, &asJSON)
	return c
}

// worse keeps the status of the graver error and prints err, so that every
// file named is looked at.
func (e *statusError) worse(s *streams, err error) *statusError {
	if err == nil {
		return e
	}
	return &statusError{status: max(e.status, s.report(err))}
}

func checkOne(s *streams, arg, from string, set *settings, limit *timeLimit, asJSON bool) error {
	if isProgram(arg, from) {
		return checkProgram(s, limit.prover(), arg, from, asJSON)
	}
	src, p, err := set.loadSource(arg, s)
	if err != nil {
		return err
	}
	f, err := policy.Parse(src.name, src.text)
	if err != nil {
		return badInput(err)
	}
	s.warn(p)
	if empty := emptyPhases(p); len(empty) > 0 {
		return badInput(empty)
	}
	return checkPolicy(s, limit.prover(), p, f, asJSON)
}

// policyReport is what check says of a policy.
type policyReport struct {
	Policy     string          `json:"policy"`
	Warnings   []string        `json:"warnings,omitempty"`
	Filters    []*filterReport `json:"filters"`
	Unfiltered []string        `json:"unfiltered,omitempty"` // phases that allow everything and install no filter
	Tests      []*testReport   `json:"tests,omitempty"`
	Widening   []string        `json:"widening,omitempty"` // later phases that let run what earlier ones stop
	Milder     []string        `json:"milder,omitempty"`   // later phases that deny more mildly
}

func checkPolicy(s *streams, v *verify.Prover, p *policy.Policy, f *policy.File, asJSON bool) error {
	r := &policyReport{Policy: p.Name}
	var filters []filter
	for _, ph := range p.Phases {
		if ph.Unfiltered() {
			r.Unfiltered = append(r.Unfiltered, ph.Name)
		}
		filters = append(filters, filtersOf(ph)...)
	}
	drafts := drafts(filters, probeLimit/max(len(filters), 1))
	dead := deadRules(v, p, f)
	for _, w := range dead {
		s.printPlaced("warning", w)
	}
	for _, w := range slices.Concat(p.Warnings, dead) {
		r.Warnings = append(r.Warnings, w.Error())
	}
	compiled := programs{}
	for i, f := range filters {
		r.Filters = append(r.Filters, checkFilter(v, f, compiled, drafts[i]()))
	}
	r.Widening, r.Milder = checkOrder(v, p)
	tests := newTester(v, p, compiled)
	for _, t := range p.Tests {
		r.Tests = append(r.Tests, tests.check(t)...)
	}
	var err error
	if asJSON {
		err = json.NewEncoder(s.out).Encode(r)
	} else {
		err = r.print(s)
	}
	if err != nil {
		return err
	}
	return r.status()
}

// status is 3 for a phase that widens, 1 for a failed proof or test.
func (r *policyReport) status() error {
	if len(r.Widening) > 0 {
		return &statusError{status: statusInput}
	}
	for _, f := range r.Filters {
		if !f.good() {
			return no()
		}
	}
	for _, t := range r.Tests {
		if !t.Passed {
			return no()
		}
	}
	return nil
}

func (r *policyReport) print(s *streams) error {
	for _, name := range r.Unfiltered {
		fmt.Fprintf(s.out, "%s: everything is allowed, no filter is installed\n", name)
	}
	for _, f := range r.Filters {
		fmt.Fprintln(s.out, f.line())
		for _, note := range f.Notes {
			fmt.Fprintln(s.out, note)
		}
	}
	for _, line := range slices.Concat(r.Widening, r.Milder) {
		fmt.Fprintln(s.err, line)
	}
	passed := 0
	for _, t := range r.Tests {
		if t.Passed {
			passed++
			continue
		}
		fmt.Fprintln(s.err, t.line())
	}
	_, err := fmt.Fprintf(s.out, "%s: %d of %d tests hold\n", r.Policy, passed, len(r.Tests))
	return err
}
