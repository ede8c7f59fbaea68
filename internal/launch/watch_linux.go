package launch

import (
	"errors"
	"fmt"
	"os"
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
	armed    chan *kernel.Start // the layers are applied, the filter comes next
	watching chan struct{}      // the watcher runs on its own thread and looks
	stop     chan struct{}      // closed when Run returns
}

// newWatcher makes the watcher of the calling thread.
func newWatcher(l *launcher) *watcher {
	return &watcher{
		launcher: l, pid: os.Getpid(), tid: kernel.Gettid(),
		armed: make(chan *kernel.Start), watching: make(chan struct{}), stop: make(chan struct{}),
	}
}

// watch ends when Run returns, or with the process: by the exec, or by Exit.
func (w *watcher) watch() {
	// Its own thread, because from some point on the other one takes no part
	// in the scheduler, and this one must go on without any help.
	runtime.LockOSThread()
	if !w.awaitLayers() {
		return
	}
	close(w.watching)
	if err := w.await(kernel.StartPending); err != nil {
		w.give(setup(err))
	}
	if w.start.State() == kernel.StartRefused {
		return // Run returns it
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
	if err := w.await(kernel.StartReleased); err != nil {
		w.give(setup(err))
	}
	w.give(w.execError())
}

// awaitLayers waits until the layers before the filter are applied; false if
// Run returns instead.
func (w *watcher) awaitLayers() bool {
	tick := time.NewTicker(alive)
	defer tick.Stop()
	for {
		select {
		case w.start = <-w.armed:
			return true
		case <-w.stop:
			return false
		case <-tick.C:
			if err := w.lives(); err != nil {
				w.give(setup(err))
			}
		}
	}
}

// lives is an error if the other thread is gone. A filter that was here before
// us may kill a thread for what it asks the kernel, and the process would hang.
func (w *watcher) lives() error {
	s, err := kernel.ThreadStatus(w.pid, w.tid)
	if err != nil || s.Ended() {
		return errors.New("the thread that sets up the sandbox was killed, probably by a seccomp filter that narrow was started under")
	}
	return nil
}

// How long the watcher sleeps between looks: at the state, for steps that take
// microseconds, and whether the other thread lives at all.
const (
	pause = 20 * time.Microsecond
	alive = 50 * time.Millisecond
)

// await waits until the start has left the state.
func (w *watcher) await(state kernel.StartState) error {
	for next := time.Now().Add(alive); w.start.State() <= state; {
		kernel.Nanosleep(pause)
		if time.Now().Before(next) {
			continue
		}
		if err := w.lives(); err != nil {
			return err
		}
		next = time.Now().Add(alive)
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
	failures := w.plan.look(r, status, !w.config.BestEffort)
	w.seen = r
	if len(failures) > 0 {
		return errors.Join(failures...)
	}
	r.Started = true
	r.describe(status, w.pid)
	r.Reach = w.reach()
	if w.beside != nil {
		return w.beside.Tell(r) // who adds what it does itself, and writes
	}
	if w.report == nil {
		return nil
	}
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
