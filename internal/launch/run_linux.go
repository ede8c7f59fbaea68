package launch

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/tracer"
	"github.com/narrow-sandbox/narrow/policy"
)

// Run turns this process into the program, inside the layers that its policy
// asks for. It returns only if it could not, and then an *Error; once the
// calling thread is confined it does not return at all, and c.Exit is called.
//
// It should be called on the process's main thread (runtime.LockOSThread in an
// init of package main), which alone has what exec keeps of the main thread
// only: the parent-death signal.
func Run(c Config) error {
	// The thread that is confined is the one that calls execve; it is never
	// unlocked, so that no other goroutine ever runs on it.
	runtime.LockOSThread()
	c.fill()
	c.auditByLog()
	report, err := openReport(&c)
	if err != nil {
		return setup(err)
	}
	kernel.QuietRuntime()
	l := &launcher{config: &c, report: report}
	w := newWatcher(l)
	go w.watch()
	defer close(w.stop)
	err = l.prepare()
	if err == nil {
		defer l.close()
		err = l.start(w)
	}
	l.failed(err)
	return err
}

func (c *Config) fill() {
	if len(c.Args) == 0 {
		c.Args = []string{c.Program}
	}
	if c.Notes == nil {
		c.Notes = os.Stderr
	}
	if c.Exit == nil {
		c.Exit = func(err error) {
			fmt.Fprintf(c.Notes, "narrow: %v\n", err)
			status := StatusSetup
			var e *Error
			if errors.As(err, &e) {
				status = e.Status
			}
			os.Exit(status)
		}
	}
}

// auditByLog makes the policy one that denies nothing, if the kernel is to log.
func (c *Config) auditByLog() {
	if c.Audit != AuditKernel {
		return
	}
	fmt.Fprintln(c.Notes, "narrow: audit: what the policy denies runs, and goes to the kernel's log (type=1326, without arguments); "+
		"how much of it the kernel drops it does not say")
	for _, what := range leftOut(c.Policy.Phases) {
		fmt.Fprintf(c.Notes, "narrow: audit: left out: %s\n", what)
	}
	c.Policy = audited(c.Policy)
}

// launcher is one call of Run.
type launcher struct {
	config  *Config
	entry   *entry
	phases  []*policy.PhaseRules // that are entered from outside, the entry's first
	program *program
	plan    *plan
	image   *kernel.Image
	report  *reportFile
	seen    *Report // what was read back, by the watcher
	beside  *tracer.Beside
	manager string // the program's NOTIFY_SOCKET before ours took its place
}

// prepare finds out all that can go wrong before anything is changed.
func (l *launcher) prepare() error {
	if err := kernel.CheckProc(); err != nil {
		return setup(err)
	}
	if err := l.choosePhases(); err != nil {
		return setup(err)
	}
	service, err := l.service()
	if err != nil {
		return setup(err)
	}
	if service != nil {
		defer service.Close()
	}
	if err := l.find(); err != nil {
		return err
	}
	if l.image, err = kernel.NewImage(l.program.path, l.config.Args, l.config.Env); err != nil {
		return setup(err)
	}
	if err := l.trace(service); err != nil {
		return setup(err)
	}
	if err := l.planLayers(); err != nil {
		return err
	}
	return l.weaken()
}

// choosePhases finds the phase to start in, and those that are entered later.
func (l *launcher) choosePhases() (err error) {
	if l.entry, err = choose(l.config.Policy, l.config.Phase); err != nil {
		return err
	}
	l.phases = entered(l.config.Policy, l.config.Phase)
	return errors.Join(l.refused()...)
}

// find finds the program.
func (l *launcher) find() (err error) {
	c := l.config
	if l.program, err = findProgram(c.Program, c.Env); err != nil {
		return err
	}
	if abi.Native() == nil {
		return setup(fmt.Errorf("narrow does not know this machine's system calls (%s)", runtime.GOARCH))
	}
	return setup(l.program.suits(c.Policy.Arches, elseRuns(l.entry.phase)))
}

// planLayers plans what this process does itself.
func (l *launcher) planLayers() error {
	self, err := kernel.ThreadStatus(os.Getpid(), kernel.Gettid())
	if err != nil {
		return setup(fmt.Errorf("cannot see what is enforced: %w (is /proc mounted?)", err))
	}
	p := &planner{l.config.Policy, l.entry, l.program, abi.Native(), new(kernel.Features), self, l.image, l.phases, l.beside != nil}
	plan, reasons := p.plan()
	l.plan = plan
	return setup(reasons...)
}

// weaken stops the start if a layer is lacking, or tells what will be missing.
func (l *launcher) weaken() error {
	lacks := l.plan.lacks()
	if len(lacks) == 0 {
		return nil
	}
	var reasons []error
	for _, lack := range lacks {
		reasons = append(reasons, fmt.Errorf("%s: %w", lack.layer, lack.err))
	}
	if !l.config.BestEffort {
		return setup(append(reasons, errors.New("the program was not started, as the policy requires all of its layers; --best-effort starts it with those that there are"))...)
	}
	for _, r := range reasons {
		fmt.Fprintf(l.config.Notes, "narrow: NOT ENFORCED: %v\n", r)
	}
	return nil
}

// start applies the layers on this thread and becomes the program.
func (l *launcher) start(w *watcher) error {
	signals := kernel.InheritedSignals()
	var filter bpf.Program // none with a tracer
	if l.plan.filter != nil {
		filter = l.plan.filter.program
	}
	start, err := kernel.NewStart(l.image, filter)
	if err != nil {
		return setup(err)
	}
	kernel.RestoreNoFile()
	for _, s := range l.plan.steps {
		if s.apply == nil {
			continue
		}
		if err := s.apply(); err != nil {
			return setup(layerError(s.layer, err))
		}
	}
	w.armed <- start
	<-w.watching
	if err := kernel.RestoreSignals(signals); err != nil {
		return setup(err)
	}
	return setup(start.Run())
}

// layerError names the layer, once.
func layerError(layer kernel.Layer, err error) error {
	var e *kernel.Error
	if errors.As(err, &e) && strings.HasPrefix(err.Error(), string(e.Layer)+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", layer, err)
}

func (l *launcher) close() {
	for _, s := range l.plan.steps {
		if s.close != nil {
			s.close()
		}
	}
}

// failed writes a report of a program that was not started.
func (l *launcher) failed(err error) {
	if l.report == nil {
		return
	}
	r := l.base()
	if l.seen != nil {
		r = l.seen
		r.Started = false
	}
	r.Errors = strings.Split(err.Error(), "\n")
	if err := l.report.write(r); err != nil {
		fmt.Fprintf(l.config.Notes, "narrow: report: %v\n", err)
	}
}
