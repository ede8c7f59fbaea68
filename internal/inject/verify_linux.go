package inject

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// verify looks at every thread in /proc: that it has what it was given, and
// that there are no others.
func (s *step) verify() error {
	tids, err := kernel.TaskIDs(s.PID)
	if err != nil {
		return s.wrong(nil, kindOf(err), err, "")
	}
	for _, tid := range tids {
		if s.thread(tid) == nil && s.lives(tid) {
			return s.wrong(nil, ErrNotSeen, fmt.Errorf("thread %d has appeared while all others were stopped", tid), "")
		}
	}
	for _, p := range s.plans {
		if err := s.seen(p); err != nil {
			return err
		}
	}
	s.layersSeen()
	return nil
}

// layersSeen notes what each layer was seen by.
func (s *step) layersSeen() {
	see := func(layer kernel.Layer, format string, args ...any) {
		s.report.Layers = append(s.report.Layers, LayerReport{layer, fmt.Sprintf(format, args...)})
	}
	n := len(s.threads)
	if s.layers.Capabilities != nil {
		see(kernel.Capabilities, "no thread has others than the policy keeps")
	}
	if s.layers.Memory {
		see(kernel.Memory, "prctl(PR_SET_MDWE) succeeded")
	}
	if s.narrows() {
		see(kernel.NoNewPrivs, "NoNewPrivs 1 on each of %d threads", n)
	}
	if len(s.domains) > 0 {
		see(kernel.Landlock, "landlock_restrict_self succeeded on each of %d threads, %d domains; the kernel does not show them", n, len(s.domains))
	}
	filtered, strict := s.count()
	if filtered > 0 {
		see(kernel.Seccomp, "a filter more than before on %d of %d threads", filtered, n)
	}
	if strict > 0 {
		see(kernel.Seccomp, "mode 1 on %d of %d threads", strict, n)
	}
	if len(s.layers.Limits) > 0 {
		see(kernel.Limits, "prlimit64 succeeded for %d limits", len(s.layers.Limits))
	}
}

// count tells how many threads have got a filter, and how many mode 1.
func (s *step) count() (filtered, strict int) {
	for _, p := range s.plans {
		switch {
		case p.filter == nil:
		case p.filter.Strict:
			strict++
		default:
			filtered++
		}
	}
	return filtered, strict
}

// lives reports whether a thread has not ended.
func (s *step) lives(tid int) bool {
	status, err := kernel.ThreadStatus(s.PID, tid)
	return err == nil && !status.Ended()
}

// seen reads one thread back.
func (s *step) seen(p plan) error {
	now, err := kernel.ThreadStatus(s.PID, p.TID)
	if err != nil {
		return s.wrong(p.Thread, kindOf(err), err, "")
	}
	before := p.Status.SeccompFilters
	r := ThreadReport{
		TID: p.TID, Name: p.Name, Class: p.class,
		Before: before, SeccompFilters: now.SeccompFilters, Seccomp: now.SeccompMode, NoNewPrivs: now.NoNewPrivs,
	}
	if p.Call != nil {
		r.Interrupted = describe(p.Call)
	}
	s.report.Threads = append(s.report.Threads, r)
	mode, filters := p.Status.SeccompMode, before
	if p.filter != nil && p.filter.Strict {
		mode = 1
	} else if p.filter != nil {
		mode, filters = 2, before+1
	}
	if now.SeccompMode != mode || before >= 0 && now.SeccompFilters != filters || s.narrows() && !now.NoNewPrivs {
		return s.wrong(p.Thread, ErrNotSeen, fmt.Errorf("/proc says Seccomp %d, Seccomp_filters %d, NoNewPrivs %t, want %d, %d, true",
			now.SeccompMode, now.SeccompFilters, now.NoNewPrivs, mode, filters), "")
	}
	return s.capabilitiesSeen(p, now)
}
