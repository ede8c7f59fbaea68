package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/policy"
)

func newExplain(s *streams) *cobra.Command {
	var (
		set    settings
		sc     scope
		asJSON bool
	)
	c := &cobra.Command{
		Use:   "explain POLICY CALL...",
		Short: "Say what happens to a call, which rule decides, and how to change it",
		Long: `Explain tells, for each CALL in the notation, its verdict in every phase and
thread class (or in those chosen), the rule that decides it with its place, why,
and the smallest edit that would change it. Arguments that a CALL leaves open are 0.

It ends with 1 if a call is denied anywhere.`,
		Example: `  narrow explain memcached 'socket(family == AF_INET, type == SOCK_DGRAM)'
  narrow explain my.narrow 'openat(flags == O_RDONLY)' execve`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := set.load(args[0], s)
			if err != nil {
				return err
			}
			arch, err := sc.chosenArch(p)
			if err != nil {
				return err
			}
			return explainAll(s, p, &sc, arch, args[1:], asJSON)
		},
	}
	set.flags(c)
	sc.flags(c)
	sc.archFlag(c)
	jsonFlag(c, &asJSON)
	return c
}

// explanation is why one call has its verdict in one phase and thread class.
type explanation struct {
	Call    string `json:"call"`
	Phase   string `json:"phase"`
	Thread  string `json:"thread,omitempty"`
	Verdict string `json:"verdict"`
	Rule    string `json:"rule,omitempty"`
	Place   string `json:"place,omitempty"`
	Why     string `json:"why"`
	Edit    string `json:"edit,omitempty"`

	Also []string `json:"also,omitempty"` // which other phases deny it
	runs bool
	many bool // whether phase and thread are worth printing
}

func explainAll(s *streams, p *policy.Policy, sc *scope, arch *abi.Arch, calls []string, asJSON bool) error {
	denied := false
	for _, text := range calls {
		data, err := parseCall(text, arch)
		if err != nil {
			return err
		}
		views, err := explainViews(p, sc)
		if err != nil {
			return err
		}
		for _, v := range views {
			e := explainOne(p, v, arch, &data)
			denied = denied || !e.runs
			if asJSON {
				err = json.NewEncoder(s.out).Encode(e)
			} else {
				err = e.print(s)
			}
			if err != nil {
				return err
			}
		}
	}
	if denied {
		return no()
	}
	return nil
}

// explainView is the filters of one thread class once one phase is entered.
type explainView struct {
	phase, thread string
	rules         []*policy.Rules // the oldest first
	many          bool            // whether phase and thread need to be named
}

// explainViews lists the phases and thread classes asked for: all by default.
func explainViews(p *policy.Policy, sc *scope) ([]explainView, error) {
	var views []explainView
	for i, ph := range p.Phases {
		if sc.phase != "" && ph.Name != sc.phase {
			continue
		}
		for _, t := range threadViews(p, i, sc.thread) {
			views = append(views, explainView{phase: ph.Name, thread: t.title(), rules: t.rules, many: len(p.Phases) > 1 || t.title() != ""})
		}
	}
	if len(views) == 0 {
		return nil, usage("the policy has no phase %q; it has %s", sc.phase, phaseNames(p))
	}
	return views, nil
}

// threadNames lists a phase's classes, "" being the threads that no block
// names; with only set, just that.
func threadNames(ph *policy.PhaseRules, only string) []string {
	if only != "" {
		return []string{only}
	}
	names := []string{""}
	for _, c := range ph.Classes {
		names = append(names, c.Name)
	}
	return names
}

func explainOne(p *policy.Policy, v explainView, arch *abi.Arch, d *bpf.Data) explanation {
	decision := explain.Decide(v.rules, d)
	verdict, rule := decision.Verdict, decision.Rule
	e := explanation{
		Call: policy.Describe(arch, *d), Phase: v.phase, Thread: v.thread,
		Verdict: verdict.String(), runs: verdict.Kind.Runs(), many: v.many,
	}
	if rule == nil {
		e.Why = "the policy is not for this architecture: its `else` decides"
		return e
	}
	e.Rule, e.Place = verdict.String()+" "+rule.Text, rule.Pos.String()
	e.Why, e.Edit = explain.Why(rule), explain.Edit(rule, e.Call, e.runs)
	for _, rules := range decision.Also {
		e.Also = append(e.Also, explain.Also(p, rules, d))
	}
	return e
}

func (e explanation) print(s *streams) error {
	where := ""
	if e.many {
		where = " in phase " + e.Phase
		if e.Thread != "" {
			where += ", thread " + e.Thread
		}
	}
	fmt.Fprintf(s.out, "%s: %s%s\n", e.Call, e.Verdict, where)
	if e.Rule != "" {
		fmt.Fprintf(s.out, "  rule: %s    %s\n", e.Rule, e.Place)
	}
	_, err := fmt.Fprintf(s.out, "  why: %s\n", e.Why)
	if e.Edit != "" {
		_, err = fmt.Fprintf(s.out, "  %s\n", e.Edit)
	}
	for _, also := range e.Also {
		_, err = fmt.Fprintf(s.out, "  %s\n", also)
	}
	return err
}
