package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/tracer"
)

// Beside is the tracer's process. args is what was appended to the Config's
// Beside. The result is an exit status.
func Beside(args []string) int {
	return tracer.Serve(args, func(plan *tracer.Plan, link *tracer.Link, report *os.File) tracer.Observer {
		a := &account{plan: plan, link: link}
		if plan.Report {
			a.file = &reportFile{to: report, file: report}
		}
		return a
	})
}

// account is told by the tracer what becomes of the program. It keeps the
// report up to date and tells the user what he must know.
type account struct {
	plan   *tracer.Plan
	link   *tracer.Link
	file   *reportFile // nil: none is wanted
	report Report
}

// say writes a line for the user.
func (a *account) say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "narrow: "+format+"\n", args...)
}

// write writes the report anew.
func (a *account) write() error {
	if a.file == nil {
		return nil
	}
	return a.file.write(&a.report)
}

// rewrite is write where nobody can do anything about an error but hear of it.
func (a *account) rewrite() {
	if err := a.write(); err != nil {
		a.say("report: %v", err)
	}
}

// Started adds what the first phase put on the program to what the process
// that has become it saw of the other layers.
func (a *account) Started(reports []*inject.Report) error {
	if err := a.link.Hear(&a.report); err != nil {
		return fmt.Errorf("the report of the other layers: %w", err)
	}
	for i := range a.report.Layers {
		a.see(&a.report.Layers[i], reports)
	}
	a.take(reports)
	return a.write()
}

// see fills in what was read back of a layer that the tracer has applied.
func (a *account) see(layer *LayerReport, reports []*inject.Report) {
	if layer.Status != Enforced && layer.Status != Weakened || layer.Seen != "" {
		return
	}
	layer.Seen = "nothing to apply in this phase"
	for _, r := range reports {
		for _, l := range r.Layers {
			if l.Layer == layer.Layer {
				layer.Seen = l.Seen
			}
		}
	}
}

// take notes steps. Where one is the reported process's own, that is in the
// phase, and has the step's threads.
func (a *account) take(reports []*inject.Report) {
	for _, r := range reports {
		a.report.Steps = a.report.latest(append(a.report.Steps, stepReport(r)))
		if r.PID != a.report.PID {
			continue
		}
		a.report.Phase = r.Phase
		a.report.Threads = nil
		for _, th := range r.Threads {
			a.report.Threads = append(a.report.Threads, threadReport(r.PID, th))
		}
	}
}

func stepReport(r *inject.Report) StepReport {
	s := StepReport{PID: r.PID, Phase: r.Phase, StoppedMS: float64(r.Stopped.Microseconds()) / 1000, Seen: []string{}, Threads: r.Threads, Notes: r.Notes}
	for _, l := range r.Layers {
		s.Seen = append(s.Seen, string(l.Layer)+": "+l.Seen)
	}
	return s
}

func threadReport(pid int, th inject.ThreadReport) ThreadReport {
	r := ThreadReport{TID: th.TID, Name: th.Name, Class: th.Class, Seccomp: th.Seccomp, SeccompFilters: th.SeccompFilters, NoNewPrivs: th.NoNewPrivs}
	if s, err := kernel.ThreadStatus(pid, th.TID); err == nil {
		r.UID, r.GID, r.Groups, r.Capabilities = s.UID[1], s.GID[1], s.Groups, kernel.CapNames(s.CapPermitted)
	}
	return r
}

// Entered notes a later phase.
func (a *account) Entered(_ int, reports []*inject.Report) {
	a.take(reports)
	a.rewrite()
}

// Failed tells that a process could not be taken to a phase.
func (a *account) Failed(pid int, phase string, err error) {
	a.say("%s[%d]: phase %s could not be entered: %v", a.program(), pid, phase, strings.ReplaceAll(err.Error(), "\n", "\n  "))
	a.report.Errors = append(a.report.Errors, strings.Split(err.Error(), "\n")...)
	a.report.Whole = false
	a.rewrite()
}

// Ended tells that the program was ended for it.
func (a *account) Ended(pid int) {
	a.say("%s[%d] was ended", a.program(), pid)
}

// Kept tells that a process stays in its phase.
func (a *account) Kept(pid int, phase string) {
	a.say("%s[%d] stays in phase %s", a.program(), pid, phase)
}

// Late tells that a phase has not begun in time.
func (a *account) Late(phase, trigger string) {
	text := fmt.Sprintf("phase %s has not begun within %v: waited for %s", phase, a.plan.Timeout, trigger)
	a.say("%s[%d]: %s", a.program(), a.plan.Target, text)
	a.report.Errors = append(a.report.Errors, text)
	a.rewrite()
}

// Died explains a death.
func (a *account) Died(d *tracer.Death) {
	r := deathReport(a.plan.Policy, d)
	fmt.Fprint(os.Stderr, r)
	a.report.Deaths = append(a.report.Deaths, r)
	a.rewrite()
}

// Audited tells what would have been denied.
func (a *account) Audited(seen tracer.Audit) {
	phases := a.plan.Policy.Phases[a.plan.First : a.plan.Last+1]
	a.report.Audit = auditReport(a.plan.Policy, phases, seen)
	fmt.Fprint(os.Stderr, a.report.Audit)
	a.rewrite()
}

func (a *account) program() string { return kernel.Printable(filepath.Base(a.plan.Program)) }
