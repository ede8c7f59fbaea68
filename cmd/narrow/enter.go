package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

func newEnter(s *streams) *cobra.Command {
	var set settings
	var o enterOptions
	c := &cobra.Command{
		Use:   "enter PID --policy POLICY --phase P",
		Short: "Narrow a live process, all threads of it",
		Long: `Enter makes a live process, started however, enter a phase of a policy: it stops
all its threads for some milliseconds, makes each take on no_new_privs, the
phase's Landlock domains and the filter of its thread class, reads each back
from /proc, and lets them go on where they were. No process of narrow stays
behind, and the program notices nothing.

If any thread cannot be narrowed, or is in a call that the phase would deny and
does not leave it within a quarter of a second, nothing is changed. Should the kernel refuse in the middle what it had not
refused to the first thread, the process is ended. It takes root's rights, or a process of the same user that
the system lets be traced.

The process is given the rules of this phase alone, which allow no more than
those of the phases before it; the files and network blocks of those come with
it. User, group and labels are not changed from outside: a process
that has not what the policy asks for is an error, unless --best-effort.`,
		Example: `  narrow enter $(pidof memcached) --policy memcached --phase serving
  narrow enter 812 --policy my.narrow --report report.json
  narrow status 812`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := reportsToFile(c); err != nil {
				return err
			}
			pid, err := processID(args[0])
			if err != nil {
				return err
			}
			if o.policy == "" {
				return usage("expected --policy POLICY: the policy of which a phase is to be entered")
			}
			p, err := set.load(o.policy, s)
			if err != nil {
				return err
			}
			s.warn(p)
			return o.enter(s, p, pid)
		},
	}
	set.flags(c)
	c.Flags().StringVar(&o.policy, "policy", "", "the `POLICY`: a file, or a shipped profile's name")
	c.Flags().StringVar(&o.phase, "phase", "", "the `PHASE` to enter, where the policy has several")
	c.Flags().BoolVar(&o.bestEffort, "best-effort", false, "go on without what cannot be had, and say so")
	c.Flags().StringVar(&o.report, "report", "", "write what was seen of each thread, as JSON, to `FILE`; - is standard error")
	jsonFlag(c, &o.json)
	return c
}

// processID reads a PID of the command line, which /proc has to mean as well.
func processID(text string) (int, error) {
	pid, err := strconv.ParseInt(text, 10, 32)
	if err != nil || pid <= 0 {
		return 0, usage("%q is not a process id", text)
	}
	if err := kernel.CheckProc(); err != nil {
		return 0, &statusError{statusKernel, err}
	}
	return int(pid), nil
}

// enterOptions are enter's flags.
type enterOptions struct {
	policy, phase, report string
	bestEffort, json      bool
}

// enter narrows the process and reports. What can be found wrong without
// touching it is found first.
func (o *enterOptions) enter(s *streams, p *policy.Policy, pid int) error {
	at, err := o.phaseIndex(p)
	if err != nil {
		return err
	}
	if empty := emptyPhases(p); len(empty) > 0 {
		return badInput(empty)
	}
	if err := inOrder(p); err != nil {
		return badInput(err)
	}
	if err := inject.Identify(pid); err != nil {
		return enterError(err)
	}
	layers, lacks, err := inject.Plan(p, at, pid)
	if err != nil {
		return enterError(err)
	}
	if len(lacks) > 0 && !o.bestEffort {
		return &statusError{statusKernel, lacking(lacks)}
	}
	file, err := o.create()
	if err != nil {
		return badInput(err)
	}
	seen, err := o.step(layers, pid)
	if err != nil {
		return enterError(o.endPartial(pid, err))
	}
	return o.tell(s, file, newEnterReport(p, seen, lacks))
}

func (o *enterOptions) phaseIndex(p *policy.Policy) (int, error) {
	sc := scope{phase: o.phase}
	stack, err := sc.stack(p)
	return len(stack) - 1, err
}

// lacking lists what cannot be had.
func lacking(lacks []inject.Lack) error {
	var all []error
	for _, l := range lacks {
		all = append(all, fmt.Errorf("%s: %w", l.Layer, l.Err))
	}
	all = append(all, errors.New("nothing was changed; --best-effort goes on without"))
	return errors.Join(all...)
}

// create makes the report's file before anything is changed, so that a report
// that cannot be written stops the step.
func (o *enterOptions) create() (*os.File, error) {
	if o.report == "" || o.report == onStandardError {
		return nil, nil
	}
	return os.OpenFile(o.report, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
}

// step does it. It runs on the process's first thread, to which main keeps it:
// a tracer is a thread. A signal that would end narrow waits until the program
// goes on.
func (o *enterOptions) step(layers *inject.Layers, pid int) (*inject.Report, error) {
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(ends)
	p, err := inject.Attach(pid, inject.Options{BestEffort: o.bestEffort})
	if err != nil {
		return nil, err
	}
	seen, err := p.Step(layers)
	if released := p.Release(); err == nil {
		err = released
	}
	return seen, err
}

// endPartial ends a process of which some threads are narrowed and others are
// not: that is no state to go on from, unless weakening was asked for.
func (o *enterOptions) endPartial(pid int, err error) error {
	var e *inject.Error
	if o.bestEffort || !errors.As(err, &e) || !e.Partial {
		return err
	}
	process, killErr := os.FindProcess(pid)
	if killErr == nil {
		killErr = process.Kill()
	}
	if killErr != nil {
		return errors.Join(err, fmt.Errorf("and it could not be ended: %w", killErr))
	}
	return fmt.Errorf("%w; it has been ended, which --best-effort would not do", err)
}

// enterError gives an error of the engine its exit status.
func enterError(err error) error {
	status := statusInput
	for _, is := range enterStatuses() {
		if errors.Is(err, is.kind) {
			status = is.status
			break
		}
	}
	return &statusError{status, err}
}

type kindStatus struct {
	kind   error
	status int
}

func enterStatuses() []kindStatus {
	return []kindStatus{
		{inject.ErrDenied, statusNo},
		{inject.ErrGone, statusInput},
		{inject.ErrABI, statusInput},
		{inject.ErrTraced, statusKernel},
		{inject.ErrMayNot, statusKernel},
		{inject.ErrNotStops, statusKernel},
		{inject.ErrForeign, statusKernel},
		{inject.ErrMode1, statusKernel},
		{inject.ErrExec, statusKernel},
		{inject.ErrNotSeen, statusKernel},
		{kernel.ErrNotSupported, statusKernel},
		{syscall.ENOMEM, statusKernel},
	}
}

// enterReport is the report as JSON has it, in the words of run's.
type enterReport struct {
	Version   int                   `json:"version"`
	Policy    string                `json:"policy"`
	Phase     string                `json:"phase"`
	PID       int                   `json:"pid"`
	Whole     bool                  `json:"whole"` // everything that the policy asks for is enforced
	StoppedMS float64               `json:"stopped_ms"`
	Layers    []enterLayer          `json:"layers"`
	Threads   []inject.ThreadReport `json:"threads"`
	Notes     []string              `json:"notes"`

	Descriptors []inject.Descriptor `json:"descriptors"` // that are open, and keep their powers
}

type enterLayer struct {
	Layer  kernel.Layer `json:"layer"`
	Status string       `json:"status"` // enforced or absent
	Seen   string       `json:"seen,omitempty"`
	Lacks  string       `json:"lacks,omitempty"`
}

func newEnterReport(p *policy.Policy, seen *inject.Report, lacks []inject.Lack) *enterReport {
	r := &enterReport{
		Version: 1, Policy: p.Name, Phase: seen.Phase, PID: seen.PID, Whole: len(lacks) == 0,
		StoppedMS: float64(seen.Stopped.Round(time.Microsecond)) / float64(time.Millisecond),
		Layers:    []enterLayer{}, Threads: seen.Threads, Notes: append([]string{}, seen.Notes...),
		Descriptors: append([]inject.Descriptor{}, seen.Descriptors...),
	}
	for _, l := range seen.Layers {
		r.Layers = append(r.Layers, enterLayer{Layer: l.Layer, Status: "enforced", Seen: l.Seen})
	}
	for _, l := range lacks {
		r.Layers = append(r.Layers, enterLayer{Layer: l.Layer, Status: "absent", Lacks: l.Err.Error()})
	}
	if p.Process.SetDescriptors {
		r.Notes = append(r.Notes, "the descriptors line is about what a program is handed at its start: a live one's are left open")
	}
	return r
}

// onStandardError is the name of a report that goes to no file.
const onStandardError = "-"

// tell writes the report to where --report says, and to standard output.
func (o *enterOptions) tell(s *streams, file *os.File, r *enterReport) error {
	var to io.Writer = s.err
	if file != nil {
		defer file.Close() // again, after an error
		to = file
	}
	if o.report != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			_, err = to.Write(append(text, '\n'))
		}
		if err == nil && file != nil {
			err = file.Close()
		}
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	if o.json {
		return json.NewEncoder(s.out).Encode(r)
	}
	return r.print(s)
}

func (r *enterReport) print(s *streams) error {
	fmt.Fprintf(s.out, "process %d is in phase %s of policy %s: %s, stopped for %.1f ms\n", r.PID, r.Phase, r.Policy, threadsText(len(r.Threads)), r.StoppedMS)
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "tid\tthread\trules of\tseccomp\tfilters\tno_new_privs\twas in")
	for _, t := range r.Threads {
		class := "phase " + r.Phase
		if t.Class != "" {
			class = "thread " + t.Class
		}
		call, _, _ := strings.Cut(cmpOr(t.Interrupted, "-"), "(")
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%t\t%s\n", t.TID, kernel.Printable(t.Name), class, seccompMode(t.Seccomp), countText(t.SeccompFilters), t.NoNewPrivs, call)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, l := range r.Layers {
		fmt.Fprintf(s.out, "%s: %s: %s\n", l.Layer, l.Status, cmpOr(l.Seen, l.Lacks))
	}
	fmt.Fprintf(s.out, "%d descriptors are open and keep their powers\n", len(r.Descriptors))
	for _, note := range r.Notes {
		fmt.Fprintf(s.out, "note: %s\n", note)
	}
	return nil
}

func threadsText(n int) string {
	if n == 1 {
		return "1 thread"
	}
	return fmt.Sprintf("%d threads", n)
}

// countText is a number of filters; "?" where the kernel does not tell.
func countText(n int) string {
	if n < 0 {
		return "?"
	}
	return strconv.Itoa(n)
}
