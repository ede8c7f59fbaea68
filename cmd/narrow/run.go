package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/launch"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

func newRun(s *streams) *cobra.Command {
	var (
		set     settings
		cfg     launch.Config
		audit   string
		detach  bool
		waiting waiting
	)
	c := &cobra.Command{
		Use:   "run POLICY -- PROGRAM ARG...",
		Short: "Run a program under a policy",
		Long: `Run takes from itself what the policy does not grant and becomes the program, so
that pid, terminal, signals, descriptors and exit status are the program's own.

A policy with later phases, or with rules for threads, takes a tracer beside the
program, which is gone once the last phase holds. On a terminal, or with
--report, it stays, at no cost per call, to explain the death of a program that
a filter kills.

If a layer that the policy needs is missing, or anything in the policy is wrong,
the program is not started and run ends with 125; 126 and 127 are a program that
cannot be executed or found, as in a shell.`,
		Example: `  narrow run memcached -- memcached -p 11211
  narrow run --set port=11311 memcached -- memcached -p 11311
  narrow run --report report.json my.narrow -- ./server
  narrow run --trigger-timeout 30s --on-timeout end my.narrow -- ./server
  narrow run --audit my.narrow -- ./server`,
		RunE: func(c *cobra.Command, args []string) error {
			name, program, err := splitRun(c, args)
			if err != nil {
				return notStarted(err)
			}
			if err := reportsToFile(c); err != nil {
				return err
			}
			p, err := set.load(name, s)
			if err != nil {
				return notStarted(err)
			}
			warnOnRun(s, p)
			if empty := emptyPhases(p); len(empty) > 0 {
				return notStarted(empty)
			}
			if err := inOrder(p); err != nil {
				return notStarted(err)
			}
			cfg.Policy, cfg.Program, cfg.Args, cfg.Env = p, program[0], program, os.Environ()
			cfg.Beside = besideArgs()
			cfg.Deaths = !detach && (cfg.Report != "" || isTerminal(s.err))
			if err := errors.Join(waiting.apply(&cfg), auditing(audit, &cfg)); err != nil {
				return usage("%w", err)
			}
			cfg.Notes = s.err
			cfg.Exit = func(err error) { os.Exit(s.report(err)) }
			return launch.Run(cfg)
		},
	}
	set.flags(c)
	c.Flags().StringVar(&cfg.Phase, "phase", "", "enter this `PHASE` (and those before it) instead of the first alone")
	c.Flags().StringVar(&cfg.Report, "report", "", "write what is enforced, read back from /proc, as JSON to `FILE`; - is standard error")
	c.Flags().BoolVar(&cfg.BestEffort, "best-effort", false, "go on without a layer that is missing, and say so")
	c.Flags().BoolVar(&detach, "detach", false, "leave nothing of narrow beside the program once its last phase has begun, and explain no death")
	waiting.flags(c)
	c.Flags().StringVar(&audit, "audit", "", "deny nothing, and list what would have been denied at the end; =log leaves it to the kernel's log")
	c.Flags().Lookup("audit").NoOptDefVal = string(launch.AuditCalls)
	c.Flags().SetInterspersed(true)
	return c
}

// reportsToFile refuses --report without a name, such as that of a variable
// which is not set: it would be silence.
func reportsToFile(c *cobra.Command) error {
	if f := c.Flags().Lookup("report"); f.Changed && f.Value.String() == "" {
		return usage("--report: expected the name of a FILE, or - for standard error")
	}
	return nil
}

// inOrder refuses a policy with a phase that lets run what an earlier one
// stops: run installs the filter of one phase, which stands for those before it
// because it lies within them.
func inOrder(p *policy.Policy) error {
	if len(p.Phases) == 1 {
		return nil
	}
	if proved.Remember().Staircase(p.Staircase()) == nil {
		return nil
	}
	widening, _ := checkOrder(verify.New(verify.Limits{}), p)
	return errors.New(strings.Join(widening, "\n"))
}

// auditing checks the --audit flag and hands it on.
func auditing(flag string, cfg *launch.Config) error {
	switch flag {
	case "", string(launch.AuditCalls), string(launch.AuditKernel):
		cfg.Audit = launch.Audit(flag)
		return nil
	}
	return fmt.Errorf("--audit=%s: expected --audit or --audit=log", flag)
}

// waiting is the flags on how the later phases are waited for.
type waiting struct {
	trigger   string
	timeout   time.Duration
	onTimeout string
}

func (w *waiting) flags(c *cobra.Command) {
	c.Flags().StringVar(&w.trigger, "trigger", "exact", "how a call that begins a phase is seen: `exact`, by a stop at each call, or cheap, by eBPF (root; some 100 µs late)")
	c.Flags().DurationVar(&w.timeout, "trigger-timeout", 0, "how long a phase may take to begin, such as 30s (default: for ever)")
	c.Flags().StringVar(&w.onTimeout, "on-timeout", "keep", "what then becomes of the program: `keep` leaves it in its phase, end ends it")
}

// apply checks the flags and hands them on.
func (w *waiting) apply(cfg *launch.Config) error {
	switch {
	case w.trigger != "exact" && w.trigger != "cheap":
		return fmt.Errorf("--trigger %s: expected exact or cheap", w.trigger)
	case w.onTimeout != "keep" && w.onTimeout != "end":
		return fmt.Errorf("--on-timeout %s: expected keep or end", w.onTimeout)
	case w.timeout < 0:
		return fmt.Errorf("--trigger-timeout %v: expected a duration above 0", w.timeout)
	case w.onTimeout == "end" && w.timeout == 0:
		return errors.New("--on-timeout end: there is no time to be over; add --trigger-timeout DURATION")
	}
	cfg.Cheap, cfg.Timeout, cfg.EndOnTimeout = w.trigger == "cheap", w.timeout, w.onTimeout == "end"
	return nil
}

// splitRun parts the policy from the program at `--`, which may be left out.
func splitRun(c *cobra.Command, args []string) (name string, program []string, err error) {
	dash := c.ArgsLenAtDash()
	if dash > 1 || dash == 0 || len(args) < 2 {
		return "", nil, usage("expected `narrow run POLICY -- PROGRAM ARG...`")
	}
	return args[0], args[1:], nil
}

// statusNotStarted is run's exit status where the sandbox could not be set up.
const statusNotStarted = 125

// notStarted turns any error before the start into status 125, but for a
// command line that makes no sense.
func notStarted(err error) error {
	if s, ok := err.(*statusError); ok && s.status == statusUsage {
		return s
	} else if ok {
		return &statusError{statusNotStarted, s.err}
	}
	return &statusError{statusNotStarted, err}
}

// warnOnRun prints the warnings only where somebody reads them: a service's
// log should not repeat them at every start.
func warnOnRun(s *streams, p *policy.Policy) {
	if isTerminal(s.err) {
		s.warn(p)
	}
}
