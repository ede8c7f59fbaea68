package launch

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/tracer"
	"github.com/narrow-sandbox/narrow/policy"
)

// AuditReport is what would have been denied, of a program that was denied
// nothing.
type AuditReport struct {
	Denied  []AuditedCall `json:"denied"` // in the order of their first calls
	Lost    int           `json:"lost"`   // calls whose thread ended before they could be looked at
	LeftOut []string      `json:"left_out"`
}

// AuditedCall is the calls of one number, by threads of one name in one phase,
// that one rule would have denied. The call is the first of them.
type AuditedCall struct {
	Count int `json:"count"`
	Denial
}

func auditReport(p *policy.Policy, phases []*policy.PhaseRules, a tracer.Audit) *AuditReport {
	r := &AuditReport{Denied: []AuditedCall{}, Lost: a.Lost, LeftOut: leftOut(phases)}
	for _, d := range a.Denied {
		one := AuditedCall{Count: d.Count}
		one.Name, one.Phase, one.Class = d.Name, d.Phase, d.Class
		one.called(&d.Call)
		one.decided(p, d.Decision, &d.Call)
		r.Denied = append(r.Denied, one)
	}
	return r
}

// leftOut lists what an audit does not look at.
func leftOut(phases []*policy.PhaseRules) []string {
	files, network := false, false
	for _, ph := range phases {
		files, network = files || len(ph.Files) > 0, network || len(ph.Network) > 0
	}
	out := []string{}
	if files {
		out = append(out, "files: Landlock can only deny, so which paths it would have denied is not known")
	}
	if network {
		out = append(out, "network: which TCP ports Landlock would have denied is not known, either")
	}
	return out
}

// String is the report for people.
func (r *AuditReport) String() string {
	var b strings.Builder
	calls := 0
	for _, d := range r.Denied {
		calls += d.Count
	}
	fmt.Fprintf(&b, "narrow: audit: %s would have been denied, of %s; lost: %d\n", plural(calls, "call"), plural(len(r.Denied), "kind"), r.Lost)
	for _, d := range r.Denied {
		fmt.Fprintf(&b, "%6d× %s in phase %s: %s: %s\n", d.Count, kernel.Printable(d.Name), d.Phase, d.Call, d.Verdict)
		fmt.Fprintf(&b, "        %s\n", d.because())
		if d.Edit != "" {
			fmt.Fprintf(&b, "        %s\n", d.Edit)
		}
		for _, also := range d.Also {
			fmt.Fprintf(&b, "        %s\n", also)
		}
	}
	for _, what := range r.LeftOut {
		fmt.Fprintf(&b, "  left out: %s\n", what)
	}
	return b.String()
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// audited is the policy as --audit=log runs it: what it denies runs and goes to
// the kernel's log, and what Landlock would deny is left out.
func audited(p *policy.Policy) *policy.Policy {
	lenient := *p
	lenient.Phases = nil
	for _, ph := range p.Phases {
		copied := *ph
		copied.Own, copied.Files, copied.Network = logging(ph.Own), nil, nil
		copied.Classes = nil
		for _, c := range ph.Classes {
			class := *c
			class.Rules = logging(c.Rules)
			copied.Classes = append(copied.Classes, &class)
		}
		lenient.Phases = append(lenient.Phases, &copied)
	}
	return &lenient
}

// logging is the rules with each denial turned into log.
func logging(r *policy.Rules) *policy.Rules {
	mild := func(v policy.Verdict) policy.Verdict {
		if v.Kind.Runs() {
			return v
		}
		return policy.Verdict{Kind: policy.Log}
	}
	rules := &policy.Rules{Else: mild(r.Else), ElseAt: r.ElseAt}
	for _, a := range r.Arches {
		arch := &policy.ArchRules{Arch: a.Arch}
		for _, list := range a.Lists {
			var copied policy.List
			for _, m := range list {
				rule := *m
				rule.Verdict = mild(m.Verdict)
				copied = append(copied, &rule)
			}
			arch.Lists = append(arch.Lists, copied)
		}
		rules.Arches = append(rules.Arches, arch)
	}
	return rules
}
