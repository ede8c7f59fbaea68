package launch

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/tracer"
	"github.com/narrow-sandbox/narrow/policy"
)

// DeathReport is a thread that a filter killed for a call.
type DeathReport struct {
	PID     int    `json:"pid"`
	TID     int    `json:"tid"`
	Program string `json:"program"`
	Denial
	From []string `json:"called_from"`
}

func deathReport(p *policy.Policy, d *tracer.Death) *DeathReport {
	r := &DeathReport{PID: d.PID, TID: d.TID, Program: d.Program, From: []string{}}
	r.Name, r.Phase, r.Class = d.Name, d.Phase, d.Class
	for _, s := range d.Sites {
		r.From = append(r.From, kernel.Printable(s.String()))
	}
	r.called(d.Call)
	if !d.Ours {
		r.Why = "no rule of the policy stops it: a filter of the program's own does, or one from outside"
		return r
	}
	r.decided(p, d.Decision, d.Call)
	return r
}

// String is the report for people.
func (r *DeathReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s[%d] %s was killed in phase %s: %s\n", kernel.Printable(r.Program), r.PID, kernel.Printable(r.Name), r.Phase, r.Call)
	fmt.Fprintf(&b, "  %s\n", r.because())
	if len(r.From) > 0 {
		fmt.Fprintf(&b, "  called from %s\n", strings.Join(r.From, ", from "))
	}
	if r.Edit != "" {
		fmt.Fprintf(&b, "  %s\n", r.Edit)
	}
	for _, also := range r.Also {
		fmt.Fprintf(&b, "  %s\n", also)
	}
	return b.String()
}
