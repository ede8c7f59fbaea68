package narrow

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// readBack asks /proc what every thread has now, and fills the report. before
// is the threads' files from before the step: Landlock may keep us from
// opening them, though not from reading what is open. Threads that have
// started since have what their creator had.
func (e *entering) readBack(before *kernel.Threads) error {
	now, err := threadsNow(e.Sandbox.may(e.at+1, nil), before)
	if err != nil {
		return err
	}
	e.report.Threads = threadReports(now)
	privs := &layer{LayerReport: LayerReport{Layer: LayerNoNewPrivs, Status: Enforced}}
	e.layers = append(e.layers[:len(e.layers):len(e.layers)], privs)
	for _, l := range e.layers {
		if err := e.check(l, now); err != nil {
			return err
		}
		e.report.Layers = append(e.report.Layers, l.LayerReport)
	}
	return nil
}

func (e *entering) check(l *layer, now []*kernel.Status) error {
	switch {
	case l.Layer == LayerNoNewPrivs:
		return e.checkPrivs(l, now)
	case l.Layer == LayerSeccomp && l.apply != nil:
		return e.checkSeccomp(l, now)
	}
	return nil
}

const unseen = "the program cannot read /proc now; the kernel said that no thread was missed"

func (e *entering) checkPrivs(l *layer, now []*kernel.Status) error {
	if !e.has(LayerSeccomp) && !e.has(LayerLandlock) {
		l.Status, l.Seen = Unneeded, "no layer of this phase needs it"
		return nil
	}
	if now == nil {
		l.Status, l.Seen = Accepted, unseen
		return nil
	}
	for _, t := range now {
		if !t.NoNewPrivs {
			return notSeen(LayerNoNewPrivs, "thread %d (%s) is without it", t.TID, t.Name)
		}
	}
	l.Seen = fmt.Sprintf("NoNewPrivs 1 on %d threads", len(now))
	return nil
}

// checkSeccomp checks that each thread filters, and has as many filters as
// the caller: one more than that had.
func (e *entering) checkSeccomp(l *layer, now []*kernel.Status) error {
	if now == nil {
		if l.Status == Enforced {
			l.Status = Accepted
		}
		l.Seen = unseen
		return nil
	}
	self := statusOf(now, kernel.Gettid())
	if self == nil {
		return notSeen(LayerSeccomp, "/proc does not list the calling thread")
	}
	if was := statusOf(e.before, self.TID); was != nil && was.SeccompFilters >= 0 && self.SeccompFilters != was.SeccompFilters+1 {
		return notSeen(LayerSeccomp, "asked for one filter more than %d, and /proc says %d", was.SeccompFilters, self.SeccompFilters)
	}
	for _, t := range now {
		if t.SeccompMode != 2 || t.SeccompFilters != self.SeccompFilters {
			return notSeen(LayerSeccomp, "thread %d (%s) has Seccomp %d, Seccomp_filters %d, the caller %d and %d",
				t.TID, t.Name, t.SeccompMode, t.SeccompFilters, self.SeccompMode, self.SeccompFilters)
		}
	}
	l.Seen = fmt.Sprintf("Seccomp 2, Seccomp_filters %d on %d threads", self.SeccompFilters, len(now))
	return nil
}

// threadsNow reads all threads as they are, else those whose files are open,
// else none.
func threadsNow(may kernel.May, before *kernel.Threads) ([]*kernel.Status, error) {
	t, err := kernel.OpenThreads(may)
	switch {
	case err == nil:
		defer t.Close()
		return t.Status()
	case !unreadable(err):
		return nil, err
	case before == nil:
		return nil, nil
	}
	before.Under(may)
	now, err := before.Status()
	if unreadable(err) {
		return nil, nil
	}
	return now, err
}

// unreadable reports whether an error is only that a filter, a domain or the
// limit on descriptors keeps us from looking, or that /proc is not mounted.
func unreadable(err error) bool {
	for _, known := range []error{kernel.ErrMayNot, syscall.EACCES, syscall.EPERM, syscall.ENOSYS, syscall.EMFILE, syscall.ENFILE, syscall.ENOENT} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

func threadReports(all []*kernel.Status) []ThreadReport {
	var reports []ThreadReport
	for _, t := range all {
		reports = append(reports, ThreadReport{t.TID, t.Name, t.NoNewPrivs, t.SeccompMode, t.SeccompFilters})
	}
	return reports
}
