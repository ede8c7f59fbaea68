package launch

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/policy"
)

// Denial is a call that the policy stops, or would, and why.
type Denial struct {
	Name    string `json:"name"`  // the thread's; main is its process's first
	Phase   string `json:"phase"` // of its process
	Class   string `json:"class,omitempty"`
	Call    string `json:"call"` // in the notation
	Arch    string `json:"arch,omitempty"`
	Verdict string `json:"verdict,omitempty"`
	Rule    string `json:"rule,omitempty"`
	Place   string `json:"place,omitempty"` // of the rule; of the block that lacks one, where it is the default
	Why     string `json:"why"`
	Edit    string `json:"edit,omitempty"`

	Also []string `json:"also,omitempty"` // which other phases deny it, so that an edit of one is not enough
}

// called fills in the call.
func (d *Denial) called(call *bpf.Data) {
	arch, known := abi.ByAudit(call.Arch, call.Nr)
	if !known {
		d.Call = fmt.Sprintf("call %d of an unknown ABI (%#x)", call.Nr, call.Arch)
		return
	}
	d.Call, d.Arch = policy.Describe(arch, explain.Readable(arch, call)), arch.Name
	if arch != abi.Native() {
		d.Call += " on " + arch.Name
	}
}

// decided says which rule it was, where, and what would allow the call; nil is
// the arch line's else.
func (d *Denial) decided(p *policy.Policy, by explain.Decision, call *bpf.Data) {
	rule := by.Rule
	d.Verdict = by.Verdict.String()
	if rule == nil {
		d.Why = "the policy's arch line leaves " + d.abi() + " to else"
		return
	}
	for _, rules := range by.Also {
		d.Also = append(d.Also, explain.Also(p, rules, call))
	}
	d.Rule, d.Place = d.Verdict+" "+rule.Text, place(rule.Pos)
	where := "phase " + d.Phase
	if d.Class != "" {
		where += ", thread " + d.Class
	}
	switch rule.Origin {
	case policy.FromDefault, policy.FromNewer:
		d.Why = "no rule of " + where + " allows it"
		if pos := blockOf(p, d.Phase, d.Class); pos.Line > 0 {
			d.Place = place(pos)
		}
	case policy.FromBlock:
		d.Why = "a files or network block implies it"
	default:
		d.Why = d.Rule + " denies it"
	}
	if arch, ok := abi.ByAudit(call.Arch, call.Nr); ok {
		d.Edit = editFor(arch, rule, call)
	}
}

// abi is what the call was made by.
func (d *Denial) abi() string {
	if d.Arch == "" {
		return "its ABI"
	}
	return d.Arch
}

// because is why, and where, on a line.
func (d *Denial) because() string { return strings.TrimSpace(d.Why + "     " + d.Place) }

// blockOf is where a rule for the thread would be added.
func blockOf(p *policy.Policy, phase, class string) policy.Pos {
	ph, ok := p.Phase(phase)
	if !ok {
		return policy.Pos{}
	}
	for _, c := range ph.Classes {
		if c.Name == class {
			return c.Pos
		}
	}
	return ph.Pos
}

// place is a position as people jump to it.
func place(pos policy.Pos) string { return fmt.Sprintf("%s:%d", pos.File, pos.Line) }

// editFor is the smallest change that would allow the call.
func editFor(arch *abi.Arch, denies *policy.RuleMatch, call *bpf.Data) string {
	rule, ok := explain.Suggest(arch, call)
	if !ok {
		return ""
	}
	where, change := explain.Allowing(denies, rule)
	return strings.TrimSpace(where + "   " + change)
}
