package launch

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/internal/tracer"
	"github.com/narrow-sandbox/narrow/policy"
)

// DeathReport is a thread that a filter killed for a call.
type DeathReport struct {
	PID     int      `json:"pid"`
	TID     int      `json:"tid"`
	Program string   `json:"program"`
	Name    string   `json:"name"`  // the thread's; main is its process's first
	Phase   string   `json:"phase"` // of its process
	Class   string   `json:"class,omitempty"`
	Call    string   `json:"call"` // in the notation
	Arch    string   `json:"arch,omitempty"`
	Verdict string   `json:"verdict,omitempty"`
	Rule    string   `json:"rule,omitempty"`
	Place   string   `json:"place,omitempty"` // of the rule; of the block that lacks one, where it is the default
	Why     string   `json:"why"`
	From    []string `json:"called_from"`
	Edit    string   `json:"edit,omitempty"`
}

func deathReport(p *policy.Policy, d *tracer.Death) *DeathReport {
	r := &DeathReport{PID: d.PID, TID: d.TID, Program: d.Program, Name: d.Name, Phase: d.Phase, Class: d.Class, From: []string{}}
	for _, s := range d.Sites {
		r.From = append(r.From, s.String())
	}
	arch, known := abi.ByAudit(d.Call.Arch, d.Call.Nr)
	if known {
		r.Call, r.Arch = policy.Describe(arch, readable(arch, d.Call)), arch.Name
	} else {
		r.Call = fmt.Sprintf("call %d of an unknown ABI (%#x)", d.Call.Nr, d.Call.Arch)
	}
	switch {
	case !d.Ours:
		r.Why = "no rule of the policy stops it: a filter of the program's own does, or one from outside"
	case d.Rule == nil:
		r.Verdict = d.Verdict.String()
		r.Why = "the policy's arch line leaves its ABI to else"
	default:
		r.Verdict = d.Verdict.String()
		r.decided(p, d.Rule)
		r.Edit = editFor(arch, d)
	}
	return r
}

// readable is the call without what is in registers that the kernel does not
// read: whatever the thread did before.
func readable(arch *abi.Arch, d *bpf.Data) bpf.Data {
	shown := *d
	call, ok := arch.Number(d.Nr)
	if !ok {
		return shown
	}
	shown.Args = [6]uint64{}
	for _, arg := range call.Args {
		shown.Args[arg.Reg] = d.Args[arg.Reg]
		if arg.High >= 0 {
			shown.Args[arg.High] = d.Args[arg.High]
		}
	}
	return shown
}

// decided says which rule it was, and where.
func (r *DeathReport) decided(p *policy.Policy, rule *policy.RuleMatch) {
	r.Rule, r.Place = r.Verdict+" "+rule.Text, place(rule.Pos)
	where := "phase " + r.Phase
	if r.Class != "" {
		where += ", thread " + r.Class
	}
	switch rule.Origin {
	case policy.FromDefault, policy.FromNewer:
		r.Why = "no rule of " + where + " allows it"
		if pos := blockOf(p, r.Phase, r.Class); pos.Line > 0 {
			r.Place = place(pos)
		}
	case policy.FromBlock:
		r.Why = "a files or network block implies it"
	default:
		r.Why = r.Rule + " denies it"
	}
}

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
func editFor(arch *abi.Arch, d *tracer.Death) string {
	rule, ok := explain.Suggest(arch, d.Call)
	if !ok {
		return ""
	}
	where, change := explain.Allowing(d.Rule, rule)
	return strings.TrimSpace(where + "   " + change)
}

// String is the report for people.
func (r *DeathReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s[%d] %s was killed in phase %s: %s\n", r.Program, r.PID, r.Name, r.Phase, r.Call)
	b.WriteString(strings.TrimRight("  "+r.Why+"     "+r.Place, " ") + "\n")
	if len(r.From) > 0 {
		fmt.Fprintf(&b, "  called from %s\n", strings.Join(r.From, ", from "))
	}
	if r.Edit != "" {
		fmt.Fprintf(&b, "  %s\n", r.Edit)
	}
	return b.String()
}
