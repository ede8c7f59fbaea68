package tracer

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/inject"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// options are what every thread is traced with.
const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK |
	unix.PTRACE_O_TRACEEXEC | unix.PTRACE_O_TRACEEXIT

// tracer is the state of the one loop.
type tracer struct {
	plan      *Plan
	link      *Link
	observer  Observer
	layers    []*inject.Layers // by phase
	processes map[int]*process
	threads   map[int]*thread
	expected  map[int]expectation // threads that were told of and have not stopped yet
	started   bool                // the program has been executed
	clocks    map[int]*time.Timer // of the phases that are waited for
	reached   map[int]bool        // phases that some process has reached
	ours      map[int]bool        // processes of the program that there are or have been
	released  int                 // of these, those that live and are not traced any more; kept for forwarding only

	children chan os.Signal // some thread has stopped or ended
	again    chan again     // a phase that a process is to be taken to once more
	late     chan int       // the phase whose time is over
	endings  chan struct{}  // of a released process
	service  *service       // nil if no phase begins by READY=1
	watch    *watch         // nil unless calls are watched by eBPF
	auditor  *auditor       // nil unless nothing is to be denied
	told     bool           // of what the audit has seen
}

func newTracer(plan *Plan, link *Link) *tracer {
	return &tracer{
		plan: plan, link: link,
		processes: map[int]*process{}, threads: map[int]*thread{}, expected: map[int]expectation{},
		clocks: map[int]*time.Timer{}, reached: map[int]bool{}, ours: map[int]bool{},
		children: make(chan os.Signal, 1), late: make(chan int), again: make(chan again), endings: make(chan struct{}),
	}
}

// prepare makes what can be wrong before the program is started.
func (t *tracer) prepare() error {
	var err error
	if t.layers, err = layersOf(t.plan); err != nil {
		return err
	}
	if t.auditor, err = newAuditor(t.plan); err != nil {
		return err
	}
	if t.watch, err = newWatch(t.plan); err != nil {
		return err
	}
	t.service, err = newService(t.plan)
	return err
}

// layersOf makes what each phase puts on a thread. The first one has the
// allow-lists of all up to it, as they stack.
func layersOf(plan *Plan) ([]*inject.Layers, error) {
	rights := kernel.LandlockRights{}
	if version, err := kernel.LandlockABI(); err == nil {
		rights = kernel.RightsOf(version)
	}
	layers := make([]*inject.Layers, len(plan.Policy.Phases))
	var files []*policy.FilesRules
	var network []*policy.NetworkRules
	for i, phase := range plan.Policy.Phases {
		files, network = append(files, phase.Files...), append(network, phase.Network...)
		if i < plan.First || i > plan.Last {
			continue
		}
		l, err := inject.New(phase, ruleset.Of(files, network, rights))
		if err != nil {
			return nil, err
		}
		l.Before = plan.Policy.Phases[plan.First:i]
		layers[i], files, network = l, nil, nil
	}
	return layers, nil
}

// follow traces the target until there is nothing left to do.
func (t *tracer) follow() error {
	// ptrace knows a tracer by its thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	signal.Notify(t.children, unix.SIGCHLD)
	defer signal.Stop(t.children)
	if err := kernel.PtraceSeize(t.plan.Target, t.bound()); err != nil {
		return mayNotTrace(err)
	}
	t.add(t.newProcess(t.plan.Target, -1), t.plan.Target)
	if err := t.link.out.Encode(answer{}); err != nil {
		return err
	}
	for {
		if err := t.drain(); err != nil {
			return err
		}
		if !t.traces() && !t.stays() {
			t.audited()
			return nil
		}
		t.wait()
	}
}

// mayNotTrace says why a process may not be traced.
func mayNotTrace(err error) error {
	if !errors.Is(err, unix.EPERM) {
		return err
	}
	hint := "is it traced already, or does a container or a security module forbid ptrace?"
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && scope[0] >= '2' {
		hint = fmt.Sprintf("/proc/sys/kernel/yama/ptrace_scope is %c", scope[0])
	}
	return fmt.Errorf("%w; %s", err, hint)
}

// drain handles every stop that there is.
func (t *tracer) drain() error {
	for t.traces() {
		s, err := kernel.Wait4(-1, unix.WNOHANG)
		switch {
		case errors.Is(err, unix.ECHILD):
			t.lost()
			return nil
		case err != nil:
			return err
		case s.TID == 0:
			return nil
		}
		t.handle(s)
	}
	return nil
}

// traces reports whether there is a thread to trace: one that is known, or one
// that its maker has told of, which may have ended before that one stops.
func (t *tracer) traces() bool { return len(t.threads)+len(t.expected) > 0 }

// lost forgets what the kernel says is not traced any more.
func (t *tracer) lost() {
	clear(t.expected)
	var all []*thread // forgetting one may bring another
	for _, th := range t.threads {
		all = append(all, th)
	}
	for _, th := range all {
		t.forget(th)
	}
}

// wait waits for one thing to happen: a stop, for which drain is called next,
// or what the other sources tell.
func (t *tracer) wait() {
	select {
	case <-t.children:
	case ready := <-t.service.events():
		t.serviceReady(ready)
	case s := <-t.watch.events():
		t.sighted(s)
	case a := <-t.again:
		t.comeAgain(a)
	case phase := <-t.late:
		t.tooLate(phase)
	case <-t.endings:
		t.released--
	}
}

// keepTo counts a process that is let go, where its messages are still to be
// handed on to a service manager.
func (t *tracer) keepTo(pid int) {
	if !t.service.forwards() {
		return
	}
	pidfd, err := kernel.PidfdOpen(pid)
	if err != nil {
		return
	}
	t.released++
	go func() {
		kernel.AwaitEnd(pidfd)
		kernel.Close(pidfd)
		t.endings <- struct{}{}
	}()
}

// stays reports whether messages to a service manager are to be handed on
// although nothing is traced any more.
func (t *tracer) stays() bool {
	return t.service.forwards() && t.released > 0
}

func (t *tracer) close() {
	for _, c := range t.clocks {
		c.Stop()
	}
	t.service.close()
	t.watch.close()
}
