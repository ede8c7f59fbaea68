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
	return nil
}

// lives reports whether a thread has not ended.
func (s *step) lives(tid int) bool {
	status, err := kernel.ThreadStatus(s.PID, tid)
	return err == nil && status.State != 'Z' && status.State != 'X'
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
		Before: before, Filters: now.SeccompFilters, Mode: now.SeccompMode, NoNewPrivs: now.NoNewPrivs,
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
	return nil
}
