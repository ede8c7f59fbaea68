// Package explain says why a call has its verdict: which rule of a stack of
// filters decides, in a sentence why that one, and the smallest change of the
// policy that would turn the verdict round.
package explain

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Decision is what stacked filters do with a call, and why.
type Decision struct {
	Verdict policy.Verdict
	Rule    *policy.RuleMatch // that has it; nil if `else` decides, or if there is no filter
	Also    []*policy.Rules   // the other filters that stop the call, by other rules of the text, the newest first
}

// Decide asks stacked filters, the oldest first, about a call.
func Decide(filters []*policy.Rules, d *bpf.Data) Decision {
	decided := Decision{Verdict: policy.Verdict{Kind: policy.Allow}}
	by := -1
	for i := len(filters) - 1; i >= 0; i-- {
		if got, rule := filters[i].Evaluate(d); by < 0 || got.Stricter(decided.Verdict) {
			by, decided.Verdict, decided.Rule = i, got, rule
		}
	}
	for i := len(filters) - 1; i >= 0; i-- {
		if got, rule := filters[i].Evaluate(d); i != by && !got.Kind.Runs() && !sameRule(rule, decided.Rule) {
			decided.Also = append(decided.Also, filters[i])
		}
	}
	return decided
}

// sameRule reports whether what is written before one rule is before the other:
// they are one of the top's.
func sameRule(a, b *policy.RuleMatch) bool {
	return a != nil && b != nil && a.Begin == b.Begin && a.Begin != policy.Pos{}
}

// Why says in a sentence what made the rule decide.
func Why(rule *policy.RuleMatch) string {
	switch rule.Origin {
	case policy.FromBlock:
		return "the files or network block there implies it: what the block does not name is denied, before all rules"
	case policy.FromThread:
		return "a rule of the thread matches first"
	case policy.FromPhase:
		return "a rule of the phase matches first"
	case policy.FromTop:
		return "a rule at the top of the file matches first"
	case policy.FromKernel:
		if rule.Pos.Line > 0 {
			return "entering the phase there takes it: narrow keeps it by itself until then"
		}
		return "the kernel makes interrupted calls go on by it: narrow keeps it by itself"
	case policy.FromNewer:
		return "no rule matches, and the call is newer than the policy's `newer` line"
	}
	return "no rule matches: the default decides"
}

// Edit is the smallest change that would turn the verdict round.
func Edit(rule *policy.RuleMatch, call string, runs bool) string {
	switch {
	case runs && (rule.Origin == policy.FromDefault || rule.Origin == policy.FromNewer):
		return fmt.Sprintf("to deny it, add: errno EPERM %s", call)
	case runs && rule.Origin == policy.FromKernel:
		return ""
	case runs:
		return fmt.Sprintf("to deny it, take %s out of the rule at %s", rule.Text, rule.Pos)
	}
	where, change := Allowing(rule, "allow "+call)
	return strings.TrimSpace(where + " " + change)
}

// Allowing is where to put a rule that allows what another one denies, and that
// rule; no rule where a block's line is what is missing.
func Allowing(denies *policy.RuleMatch, rule string) (where, change string) {
	switch {
	case denies.Origin == policy.FromBlock && strings.HasPrefix(rule, "allow socket"):
		return fmt.Sprintf("to allow it, add a line for it to the network block at %s", denies.Pos), ""
	case denies.Origin == policy.FromDefault || denies.Origin == policy.FromNewer || denies.Origin == policy.FromBlock:
		return "to allow it, add:", rule
	}
	return fmt.Sprintf("to allow it, write before %s:", denies.Begin), rule
}

// Also says of another filter that stops the call, too, that it does: an edit
// of one phase alone does not let it run.
func Also(p *policy.Policy, rules *policy.Rules, d *bpf.Data) string {
	verdict, rule := rules.Evaluate(d)
	text := fmt.Sprintf("phase %s denies it, too: %s", p.PhaseOf(rules).Name, verdict)
	if rule != nil {
		text += fmt.Sprintf(" %s     %s", rule.Text, rule.Pos)
	}
	return text
}
