package main

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// testReport is the outcome of one line of a test block in one thread class.
type testReport struct {
	Place   string `json:"place"`
	Phase   string `json:"phase"`
	Thread  string `json:"thread,omitempty"`
	Verdict string `json:"verdict"`
	Call    string `json:"call"`
	Passed  bool   `json:"passed"`
	Problem string `json:"problem,omitempty"`
}

func (t *testReport) line() string {
	return fmt.Sprintf("%s: test fails in phase %s: %s %s: %s", t.Place, phaseThread(t.Phase, t.Thread), t.Verdict, t.Call, t.Problem)
}

// tester proves the lines of a policy's test blocks. What a thread meets, it
// finds once: a policy may have hundreds of lines.
type tester struct {
	prover   *verify.Prover
	policy   *policy.Policy
	programs programs
	threads  map[tested][]subject
}

// tested is what a line of a test block is about: a phase, by its place, and
// the threads that it names, "" for all.
type tested struct {
	phase  int
	thread string
}

// subject is a thread and what it meets: the policy's filters, and the
// finished programs.
type subject struct {
	title           string
	rules, programs *verify.Meaning
}

func newTester(v *verify.Prover, p *policy.Policy, compiled programs) *tester {
	return &tester{v, p, compiled, map[tested][]subject{}}
}

// subjects are the threads that a line is about.
func (c *tester) subjects(phase int, thread string) []subject {
	key := tested{phase, thread}
	all, ok := c.threads[key]
	if !ok {
		for _, t := range threadViews(c.policy, phase, thread) {
			all = append(all, subject{t.title(), stackOf(c.prover, t.filters), c.programs.meaning(c.prover, t.filters)})
		}
		c.threads[key] = all
	}
	return all
}

// check proves one line of a test block, on the policy and on the programs, in
// the thread that it names or in every class.
func (c *tester) check(t *policy.TestCase) []*testReport {
	var reports []*testReport
	for i, ph := range c.policy.Phases {
		if ph.Name != t.Phase {
			continue
		}
		for _, thread := range c.subjects(i, t.Thread) {
			r := &testReport{Place: t.Pos.String(), Phase: t.Phase, Thread: thread.title, Verdict: t.Verdict.String(), Call: t.Call.Text}
			r.Problem = holds(c.prover, thread.rules, t)
			if r.Problem == "" {
				r.Problem = onProgram(holds(c.prover, thread.programs, t))
			}
			r.Passed = r.Problem == ""
			reports = append(reports, r)
		}
	}
	return reports
}

func onProgram(problem string) string {
	if problem == "" {
		return ""
	}
	return "in the program: " + problem
}

// holds is empty if every call that fits the test's pattern gets its verdict.
func holds(v *verify.Prover, m *verify.Meaning, t *policy.TestCase) string {
	r, err := v.Holds(m, t.Call, t.Verdict)
	switch {
	case err != nil:
		return err.Error()
	case r.Vacuous:
		return "no call at all fits it"
	case r.Answer == verify.Yes:
		return ""
	case r.Answer == verify.No:
		return fmt.Sprintf("%s gets %s", describe(r.Witness.Call), policy.VerdictOf(r.Witness.Left))
	}
	return "not proved: " + r.Reason
}

// programs are the compiled filters by their rules.
type programs map[*policy.Rules]*verify.Meaning

// meaning is that of the finished programs of a stack.
func (ps programs) meaning(v *verify.Prover, rules []*policy.Rules) *verify.Meaning {
	var filters []*verify.Meaning
	for _, r := range rules {
		if m, ok := ps[r]; ok {
			filters = append(filters, m)
		}
	}
	return v.Stack(filters...)
}
