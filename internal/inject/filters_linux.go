package inject

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Filters reads the filters of all threads of a process, which are stopped for
// as long as that takes and otherwise left as they are. It needs CAP_SYS_ADMIN,
// and a caller without a filter of its own. It is called on a goroutine that is
// locked to its thread.
func Filters(pid int) ([]ThreadFilters, error) {
	p, err := Attach(pid, Options{})
	if err != nil {
		return nil, err
	}
	all, err := p.filters()
	return all, errors.Join(err, p.Release())
}

func (p *Process) filters() ([]ThreadFilters, error) {
	if err := p.Stop(); err != nil {
		return nil, err
	}
	var all []ThreadFilters
	for _, t := range p.threads {
		f := ThreadFilters{TID: t.TID}
		if t.Status.SeccompMode == 2 {
			stack, err := filtersOf(t.TID)
			if err != nil {
				return nil, p.unreadable(t, err)
			}
			f.Filters = stack
		}
		for i := range f.Filters {
			flags, err := kernel.PtraceSeccompGetMetadata(t.TID, i)
			f.Logs = append(f.Logs, err == nil && flags&unix.SECCOMP_FILTER_FLAG_LOG != 0)
		}
		all = append(all, f)
	}
	return all, nil
}

// unreadable says why the kernel does not tell a thread's filters.
func (p *Process) unreadable(t *Thread, err error) error {
	switch {
	case errors.Is(err, unix.EACCES):
		return p.wrong(t, ErrMayNot, fmt.Errorf("its filters are shown to root alone (CAP_SYS_ADMIN), and to nobody who has a filter himself: %w", err), "run as root, outside a container")
	case errors.Is(err, unix.EIO), errors.Is(err, unix.EINVAL):
		return p.wrong(t, nil, errors.Join(&kernel.UnsupportedFeatureError{Name: "way to read filters back (CONFIG_CHECKPOINT_RESTORE)", Err: err}), "")
	}
	return p.wrong(t, kindOf(err), err, "")
}
