package inject

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// judge plans what each thread takes on, and finds those that would not survive
// it: whose interrupted call, when made again, the new filter would stop.
func (s *step) judge() error {
	var wrong []error
	s.plans = nil
	for _, t := range s.threads {
		f, class := s.layers.For(t.Name, t.Main)
		s.plans = append(s.plans, plan{t, f, class})
		switch {
		case t.dispatched:
			wrong = append(wrong, s.wrong(t, ErrForeign, errors.New("hands its calls to itself (PR_SET_SYSCALL_USER_DISPATCH), and would take ours for them"), ""))
		case !s.shares(t):
			wrong = append(wrong, s.wrong(t, nil, errors.New("has descriptors of its own, so that no ruleset can be handed to it"), ""))
		case f == nil:
		case t.Status.SeccompMode == 1:
			wrong = append(wrong, s.wrong(t, ErrMode1, ErrMode1, ""))
		case f.Strict && t.Status.SeccompMode != 0:
			wrong = append(wrong, s.wrong(t, ErrMode1, fmt.Errorf("is to be in mode 1, and has %d filters already, besides which there is no mode 1", t.Status.SeccompFilters), "write `allow @strict`"))
		default:
			wrong = append(wrong, s.stuck(t, f, class))
		}
	}
	return errors.Join(wrong...)
}

// shares reports whether a thread has the descriptors of the first one, where a
// ruleset's has to be known to both.
func (s *step) shares(t *Thread) bool {
	return len(s.wanted()) == 0 || kernel.SameFiles(s.threads[0].TID, t.TID)
}

// stuck is an error if the thread's own call would be denied.
func (s *step) stuck(t *Thread, f *Filter, class string) error {
	for _, call := range t.calls() {
		v, rule := f.Rules.Evaluate(&call)
		if v.Kind.Runs() {
			continue
		}
		return s.wrong(t, ErrDenied, fmt.Errorf("is in %s, which %s answers with %v: %s", describe(&call), phaseText(s.layers.Phase, class), v, ruleText(f.Rules, rule)),
			"enter the phase when no thread is in that call, or allow it")
	}
	return nil
}

// calls are those by which the thread goes on: its own, and the one that the
// kernel makes of it.
func (t *Thread) calls() []bpf.Data {
	if t.Call == nil {
		return nil
	}
	calls := []bpf.Data{*t.Call}
	if !t.Restarts {
		return calls
	}
	if a, ok := abi.ByAudit(t.Call.Arch, t.Call.Nr); ok {
		if call, ok := a.Call("restart_syscall"); ok {
			restart := *t.Call
			restart.Nr = call.Nr
			calls = append(calls, restart)
		}
	}
	return calls
}

func phaseText(phase, class string) string {
	if class == "" {
		return "phase " + phase
	}
	return "phase " + phase + ", thread " + class
}

// ruleText names the rule that decided; nil is the one for other ABIs.
func ruleText(r *policy.Rules, rule *policy.RuleMatch) string {
	switch {
	case rule == nil:
		return fmt.Sprintf("the arch line's else (%v)", r.ElseAt)
	case rule.Origin == policy.FromDefault:
		return fmt.Sprintf("no rule allows it (%v)", rule.Pos)
	}
	return fmt.Sprintf("`%v %s` (%v)", rule.Verdict, rule.Text, rule.Pos)
}

// admits finds out, before anything is changed, what would keep the filters
// out: those that a thread has already may stop the calls to be injected, or
// use up the kernel's budget.
func (s *step) admits() error {
	for _, p := range s.plans {
		if p.Status.SeccompMode != 2 {
			continue
		}
		var err error
		if s.suspended {
			err = s.budget(p)
		} else {
			err = s.letThrough(p.Thread)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// budget asks whether the kernel admits one more filter on a thread. Those that
// it has are read only if their lengths leave a doubt.
func (s *step) budget(p plan) error {
	if p.filter == nil || s.fits(p) {
		return nil
	}
	stack, err := filtersOf(p.TID)
	if err != nil {
		return nil // a kernel that cannot tell them; it will tell in time what it does not admit
	}
	if err := append(stack, p.filter.Program).Check(); err != nil {
		return s.wrong(p.Thread, unix.ENOMEM, err, "it has filters of its own already, which only a new start takes away")
	}
	return nil
}

// fits reports whether the filters are within the budget whatever they are made of.
func (s *step) fits(p plan) bool {
	const mostCost = 5 // of an instruction, once the kernel has converted it
	sum := len(p.filter.Program)
	for i := range p.Status.SeccompFilters {
		n, err := kernel.PtraceSeccompFilterLen(p.TID, i)
		if err != nil {
			return false
		}
		sum += n
	}
	return p.Status.SeccompFilters >= 0 && sum*mostCost < bpf.Budget
}

// filtersOf reads all filters of a stopped thread, the oldest first.
func filtersOf(tid int) (bpf.Stack, error) {
	var stack bpf.Stack
	for i := 0; ; i++ {
		program, err := kernel.PtraceSeccompGetFilter(tid, i)
		if errors.Is(err, unix.ENOENT) {
			return stack, nil
		}
		if err != nil {
			return nil, err
		}
		stack = append(stack, program)
	}
}

// letThrough asks of a thread's filters, which cannot be read without root's
// rights, whether they let the injected calls through. They are believed to be
// the policy's own, of the phases before, if there are as many.
func (s *step) letThrough(t *Thread) error {
	believed, ok := s.believed(t)
	if !ok {
		if s.options.BestEffort {
			s.note("thread %d (%s) has %d filters that nobody has read; they let the calls through that narrowed it", t.TID, kernel.Printable(t.Name), t.Status.SeccompFilters)
			return nil
		}
		return s.wrong(t, ErrForeign, fmt.Errorf("has %d filters, which only root may read or suspend, and which may kill it for a call that narrows it", t.Status.SeccompFilters), "run as root, or dare it with --best-effort")
	}
	for _, call := range s.injected(t) {
		for _, phase := range believed {
			rules := rulesOf(phase, t.Name, t.Main)
			if v, rule := rules.Evaluate(&call); !v.Kind.Runs() {
				return s.wrong(t, ErrForeign, fmt.Errorf("is in phase %s, which answers with %v to %s, a call that narrows it: %s", phase.Name, v, describe(&call), ruleText(rules, rule)), "run as root, which suspends the filter meanwhile")
			}
		}
	}
	return nil
}

// believed are the phases that a thread's filters are taken for.
func (s *step) believed(t *Thread) (phases []*policy.PhaseRules, ok bool) {
	have := t.Status.SeccompFilters
	if own, err := kernel.ThreadStatus(unix.Getpid(), unix.Gettid()); err == nil {
		have -= own.SeccompFilters // a container's, which is over us too and lets us do all this
	}
	for _, phase := range s.layers.Before {
		if len(phases) == have {
			break
		}
		if !phase.Unfiltered() {
			phases = append(phases, phase)
		}
	}
	return phases, have >= 0 && len(phases) == have
}

// inPhase reports whether the process is believed to be in a phase before,
// under filters that cannot be suspended.
func (s *step) inPhase() bool {
	phases, ok := s.believed(s.threads[0])
	return !s.suspended && ok && len(phases) > 0
}

// been is how many of the phases before the process is believed to be in, of
// those whose domains are known.
func (s *step) been() int {
	if !s.inPhase() || len(s.layers.Earlier) == 0 {
		return 0
	}
	phases, _ := s.believed(s.threads[0])
	return slices.Index(s.layers.Before, phases[len(phases)-1]) + 1
}

// injected are the calls that the step makes on a thread, as filters see them.
func (s *step) injected(t *Thread) []bpf.Data {
	native := abi.Native()
	call := func(nr uintptr, args ...uint64) bpf.Data {
		d := bpf.Data{Nr: uint32(nr), Arch: native.Audit, IP: s.place.instruction}
		copy(d.Args[:], args)
		return d
	}
	var calls []bpf.Data
	at := s.place.start
	if s.layers.Memory && t == s.threads[0] && !s.inPhase() {
		calls = append(calls, call(unix.SYS_PRCTL, unix.PR_SET_MDWE, unix.PR_MDWE_REFUSE_EXEC_GAIN))
	}
	if s.layers.Capabilities != nil && len(s.extra(t.Status)) > 0 {
		calls = append(calls, call(unix.SYS_CAPSET, at, at+capHeaderSize))
	}
	if !t.Status.NoNewPrivs {
		calls = append(calls, call(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1))
	}
	if len(s.wanted()) > 0 {
		if t == s.threads[0] {
			calls = append(calls, call(unix.SYS_LANDLOCK_CREATE_RULESET, at, sizeofRulesetAttr), call(unix.SYS_CLOSE, someDescriptor))
		}
		calls = append(calls, call(unix.SYS_LANDLOCK_RESTRICT_SELF, someDescriptor))
	}
	return append(calls, call(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, at))
}

// someDescriptor stands for one that is not known yet.
const someDescriptor = 3

func (s *step) note(format string, args ...any) {
	s.report.Notes = append(s.report.Notes, fmt.Sprintf(format, args...))
}
