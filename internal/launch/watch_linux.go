package launch

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"time"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// watcher is the thread that no layer touches. It looks at the one that
// becomes the program, reports, and lets it go.
type watcher struct {
	*launcher
	start    *kernel.Start
	pid, tid int
	ready    chan struct{} // the watcher has its thread; then: it watches
	armed    chan struct{} // the layers are applied, the filter comes next
}

// watch ends with the process: by the exec, or by Exit.
func (w *watcher) watch() {
	// Its own thread, because the other one must find it running without any
	// help of the scheduler, in which it takes no part any more.
	runtime.LockOSThread()
	w.ready <- struct{}{}
	<-w.armed
	w.ready <- struct{}{}
	if err := w.await(kernel.StartPending, patience); err != nil {
		w.give(setup(err))
	}
	if w.start.State() == kernel.StartRefused {
		select {} // Run returns it
	}
	if err := w.verify(); err != nil {
		w.give(setup(err))
	}
	if w.plan.limits != nil {
		if err := w.plan.limits.apply(); err != nil {
			w.give(setup(err))
		}
	}
	w.start.Release()
	if err := w.await(kernel.StartReleased, patience); err != nil {
		w.give(setup(err))
	}
	w.give(w.execError())
}

// patience bounds the wait for steps that take microseconds: a filter, an
// exec from a slow disk.
const patience = 30 * time.Second

// pause is how long to sleep between looks.
const pause = 20 * time.Microsecond

// await waits until the start has left the state.
func (w *watcher) await(state kernel.StartState, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for i := 0; w.start.State() <= state; i++ {
		kernel.Nanosleep(pause)
		if i%64 != 63 {
			continue
		}
		if s, err := kernel.ThreadStatus(w.pid, w.tid); err != nil || s.State == 'Z' || s.State == 'X' {
			return errors.New("seccomp: the thread that installs the filter is gone; a filter that was here before may have ended it")
		}
		if time.Now().After(deadline) && state == kernel.StartPending {
			return fmt.Errorf("seccomp: no answer from the kernel in %v", limit)
		}
	}
	return nil
}

// give ends the process, as the other thread cannot.
func (w *watcher) give(err error) {
	w.failed(err)
	w.config.Exit(err)
	panic("launch: Config.Exit returned")
}

// verify reads everything back and writes the report.
func (w *watcher) verify() error {
	status, err := kernel.ThreadStatus(w.pid, w.tid)
	if err != nil {
		return fmt.Errorf("cannot read back what is enforced: %w", err)
	}
	r := w.base()
	failures := w.look(r, status)
	if len(failures) > 0 {
		return errors.Join(failures...)
	}
	if w.report == nil {
		return nil
	}
	r.Started = true
	r.describe(status, w.pid)
	if err := w.report.write(r); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// execError is a failed execve as a shell reports it.
func (w *watcher) execError() error {
	err := w.start.Errno()
	status := StatusNotExecutable
	if errors.Is(err, syscall.ENOENT) {
		status = StatusNotFound
	}
	text := fmt.Errorf("%s: execve: %w", w.program.path, err)
	if errors.Is(err, syscall.ENOEXEC) {
		text = fmt.Errorf("%w; it is neither a program for this machine nor a script with a #! line", text)
	}
	return &Error{status, []error{text}}
}
