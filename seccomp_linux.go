package narrow

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// seccomp plans the process-wide filter.
func (e *entering) seccomp() (*layer, error) {
	l := &layer{LayerReport: LayerReport{Layer: LayerSeccomp, Need: e.needs.Seccomp, Status: Enforced}}
	f := e.step.wide
	if f == nil {
		l.Status, l.Seen = Unneeded, "everything is allowed, so no filter is installed"
		return l, nil
	}
	if f.lacks != nil {
		l.Status = Absent
		return l, l.lacking(f.lacks)
	}
	if e.needs.Seccomp == AuditOnly {
		l.Status = Watching
	}
	l.apply = func() error { return e.sync(f.program) }
	return l, nil
}

// probe asks what the kernel lacks for the filters of all phases and classes,
// as no later phase need let anybody ask.
func (s *Sandbox) probe() {
	var features kernel.Features
	for _, st := range s.steps {
		for _, f := range st.filters() {
			f.lacks = lacksOf(&features, f.program)
		}
	}
}

// sync gives all threads the program.
func (e *entering) sync(program bpf.Program) error {
	_, err := kernel.SeccompSetModeFilter(program, kernel.FilterTSYNC)
	var ke *kernel.Error
	if errors.As(err, &ke) && ke.Err == syscall.ESRCH && ke.Thread > 0 {
		return e.explain(ke.Thread)
	}
	if err == nil {
		e.begun = true
	}
	return err
}

// explain says what is wrong with the thread that TSYNC could not bring along.
func (e *entering) explain(tid int) error {
	why := &DivergingThreadError{TID: tid, Filters: -1, Caller: -1}
	if now, err := readThreads(e.may); err == nil {
		if t := statusOf(now, tid); t != nil {
			why.Name, why.Filters = t.Name, t.SeccompFilters
		}
		if t := statusOf(now, kernel.Gettid()); t != nil {
			why.Caller = t.SeccompFilters
		}
	}
	return divergence(why)
}

// rehearse tries, where Landlock would come first and cannot be taken back,
// whether the kernel will admit the filter: on a thread of its own, that ends.
// The budget may be used up by filters that we know nothing of.
func (e *entering) rehearse() error {
	if e.step.wide == nil || !e.has(LayerLandlock) && !e.has(LayerProcess) || !e.has(LayerSeccomp) || e.mayNotStartThreads() {
		return nil
	}
	tid, err := onOwnThread(func() error { return tryOn(e.step.wide.program) })
	if err != nil {
		return &Error{Layer: LayerSeccomp, Err: fmt.Errorf("the kernel would not admit the filter: %w", err)}
	}
	return gone(tid)
}

// onOwnThread runs f on a thread that ends with it. The process's first thread
// cannot end, so while that is taken another one is.
func onOwnThread(f func() error) (tid int, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if tid = kernel.Gettid(); tid == os.Getpid() {
			tid, err = onOwnThread(f)
			runtime.UnlockOSThread()
			return
		}
		err = f() // never unlocked: what f has installed ends with the thread
	}()
	<-done
	return tid, err
}

// gone waits until a thread has ended, which TSYNC would else find diverging.
func gone(tid int) error {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); kernel.Nanosleep(50 * time.Microsecond) {
		if _, err := kernel.ThreadStatus(os.Getpid(), tid); err != nil {
			return nil
		}
	}
	return &Error{Layer: LayerSeccomp, Err: fmt.Errorf("thread %d, on which the filter was tried, does not end", tid)}
}

func (e *entering) mayNotStartThreads() bool { return e.anyBefore() }

// tryOn installs on the calling thread a program of the same length that
// allows everything.
func tryOn(program bpf.Program) error {
	harmless := append(bpf.Program(nil), program...)
	harmless[0] = bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow))
	if err := kernel.SetNoNewPrivs(); err != nil {
		return err
	}
	_, err := kernel.SeccompSetModeFilter(harmless, 0)
	return err
}
