package narrow

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// enterThread stacks the class's filter on the calling thread's, which the
// caller has locked. installed tells whether, at an error, that was done.
func (s *Sandbox) enterThread(st *step, class string, f *filter) (report *Report, installed bool, err error) {
	tid := kernel.Gettid()
	may := s.may(s.entered, nil)
	entry := threadEntry{class, started(tid, may)}
	if was, ok := s.threads[tid]; ok && (was.start == entry.start || was.start == 0 || entry.start == 0) {
		return nil, false, &Error{Kind: ErrEntered, Err: fmt.Errorf("thread %d has entered class %q", tid, was.class)}
	}
	l := &layer{LayerReport: LayerReport{Layer: LayerSeccomp, Need: s.needs.Seccomp, Status: Unneeded, Seen: "the class has the process's own filter"}}
	report = &Report{Policy: s.policy.Name, Phase: st.phase.Name, Class: class}
	if f == nil {
		s.threads[tid] = entry
		report.Layers = []LayerReport{l.LayerReport}
		return report, true, nil
	}
	if err := lacksOfThread(l, f); err != nil || l.Status == Absent {
		report.Layers = []LayerReport{l.LayerReport}
		return report, false, err
	}
	own, _ := kernel.OpenThread(tid, may) // what is nil was not to be had
	if own != nil {
		defer own.Close()
	}
	before := s.look(tid, may)
	if err := s.install(f); err != nil {
		return nil, false, &Error{Layer: LayerSeccomp, Err: err}
	}
	s.threads[tid] = entry
	l.Status, l.Seen = Enforced, ""
	if s.needs.Seccomp == AuditOnly {
		l.Status = Watching
	}
	if own != nil {
		own.Under(s.may(s.entered, f))
	}
	if err := seenOnThread(l, report, own, before, tid); err != nil {
		return nil, true, err
	}
	report.Layers = []LayerReport{l.LayerReport}
	return report, true, nil
}

func (s *Sandbox) install(f *filter) error {
	if err := s.privs(); err != nil {
		return err
	}
	_, err := kernel.SeccompSetModeFilter(f.program, 0)
	return err
}

// privs sets no_new_privs where no phase has: all of them are `allow *`.
func (s *Sandbox) privs() error {
	for _, st := range s.steps[:s.entered] {
		if st.wide != nil {
			return nil
		}
	}
	return kernel.SetNoNewPrivs()
}

func lacksOfThread(l *layer, f *filter) error {
	if f.lacks != nil {
		l.Status, l.Seen = Absent, ""
		return l.lacking(f.lacks)
	}
	return nil
}

// look is how many filters the thread has; -1 if that cannot be told.
func (s *Sandbox) look(tid int, may kernel.May) int {
	t, err := kernel.OpenThread(tid, may)
	if err != nil {
		return -1
	}
	defer t.Close()
	if all, err := t.Status(); err == nil && len(all) == 1 {
		return all[0].SeccompFilters
	}
	return -1
}

// seenOnThread reads back what the thread has now.
func seenOnThread(l *layer, report *Report, own *kernel.Threads, before, tid int) error {
	if own == nil {
		l.accept()
		return nil
	}
	all, err := own.Status()
	if unreadable(err) {
		l.accept()
		return nil
	}
	if err != nil {
		return err
	}
	if len(all) != 1 || all[0].TID != tid {
		return notSeen(LayerSeccomp, "/proc does not show thread %d", tid)
	}
	now := all[0]
	if now.SeccompMode != 2 || !now.NoNewPrivs || before >= 0 && now.SeccompFilters != before+1 {
		return notSeen(LayerSeccomp, "asked for one filter more than %d, and /proc says Seccomp %d, Seccomp_filters %d", before, now.SeccompMode, now.SeccompFilters)
	}
	report.Threads = threadReports(all)
	l.Seen = fmt.Sprintf("Seccomp 2, Seccomp_filters %d", now.SeccompFilters)
	return nil
}

// accept says that the kernel took the filter and nobody can look from inside.
func (l *layer) accept() {
	if l.Status == Enforced {
		l.Status = Accepted
	}
	l.Seen = "the thread may not read /proc; the kernel took the filter"
}

// started is when the kernel started the thread; 0 if it cannot be told.
func started(tid int, may kernel.May) uint64 {
	at, err := kernel.ThreadStart(tid, may)
	if err != nil && !errors.Is(err, kernel.ErrMayNot) {
		return 0
	}
	return at
}
