package narrow

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// entering is one Enter at work. The layers are planned first, so that what can
// be found wrong is found before anything is changed.
type entering struct {
	*Sandbox
	at     int // index of the phase
	step   *step
	may    kernel.May // under the filters of the phases before
	begun  bool       // something irreversible was done
	before []*kernel.Status
	report *Report
	layers []*layer
}

// layer is one mechanism of a phase, planned.
type layer struct {
	LayerReport
	apply func() error
	seen  func() (string, error)
}

// enterProcess enters a phase. begun tells whether, at an error, the process
// is no more as it was.
func (s *Sandbox) enterProcess(i int) (report *Report, begun bool, err error) {
	e := &entering{Sandbox: s, at: i, step: s.steps[i], may: s.may(i, nil)}
	e.report = &Report{Policy: s.policy.Name, Phase: e.step.phase.Name}
	if err := e.plan(); err != nil {
		return nil, false, err
	}
	if err := e.run(); err != nil {
		return nil, e.begun, err
	}
	return e.report, true, nil
}

// plan plans the layers, and looks for what stands in the way.
func (e *entering) plan() error {
	if err := e.native(); err != nil {
		return err
	}
	if e.at == 0 {
		e.probe()
	}
	e.descriptors()
	if err := e.look(); err != nil {
		return err
	}
	for _, plan := range []func() (*layer, error){e.process, e.landlock, e.seccomp} {
		l, err := plan()
		if err != nil {
			return err
		}
		if l != nil {
			e.layers = append(e.layers, l)
		}
	}
	return e.rehearse()
}

// native checks that the policy has rules for this program's own calls: the
// first call after the filter would be its last.
func (e *entering) native() error {
	f := e.step.wide
	if f == nil || f.rules.Else.Kind.Runs() {
		return nil
	}
	for _, a := range f.rules.Arches {
		if a.Arch == abi.Native() {
			return nil
		}
	}
	return &Error{Layer: LayerSeccomp, Err: errors.New("the policy's arch line lacks the architecture of this program"), Hint: "add " + nativeName()}
}

func nativeName() string {
	if a := abi.Native(); a != nil {
		return a.Name
	}
	return "it"
}

// look reads what the threads have already.
func (e *entering) look() error {
	before, err := readThreads(e.may)
	if err != nil {
		if unreadable(err) {
			return nil // the filters or the Landlock domain of an earlier phase
		}
		return &Error{Err: err}
	}
	e.before = before
	return e.diverging()
}

// readThreads reads the status of all threads now.
func readThreads(may kernel.May) ([]*kernel.Status, error) {
	t, err := kernel.OpenThreads(may)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	return t.Status()
}

// diverging looks for a thread with more filters than the caller has, so that
// TSYNC would refuse after Landlock has been applied.
func (e *entering) diverging() error {
	self := statusOf(e.before, kernel.Gettid())
	if e.step.wide == nil || self == nil {
		return nil
	}
	for _, t := range e.before {
		if t.SeccompFilters > self.SeccompFilters {
			return divergence(&DivergingThreadError{t.TID, t.Name, t.SeccompFilters, self.SeccompFilters})
		}
	}
	return nil
}

func divergence(err *DivergingThreadError) error {
	return &Error{Layer: LayerSeccomp, Kind: ErrThreadDiverges, Err: err,
		Hint: "enter the process's phases before any thread installs a filter"}
}

func statusOf(all []*kernel.Status, tid int) *kernel.Status {
	for _, s := range all {
		if s.TID == tid {
			return s
		}
	}
	return nil
}

// run applies the layers and reads them back.
func (e *entering) run() error {
	threads, _ := kernel.OpenThreads(e.may) // what is nil was not to be had, and is said in the report
	if threads != nil {
		defer threads.Close()
	}
	if err := e.noNewPrivs(); err != nil {
		return &Error{Layer: LayerNoNewPrivs, Err: err}
	}
	for _, l := range e.layers {
		if l.apply == nil {
			continue
		}
		if err := l.apply(); err != nil {
			return wrap(l.Layer, err)
		}
		if l.seen == nil {
			continue
		}
		saw, err := l.seen() // now, as the next layer may forbid to look
		if err != nil {
			return wrap(l.Layer, err)
		}
		l.Seen = saw
	}
	return e.readBack(threads)
}

// noNewPrivs sets it on all threads where Landlock follows, which needs it on
// each; TSYNC itself takes it from the caller to all others.
func (e *entering) noNewPrivs() error {
	if e.step.wide == nil && !e.has(LayerLandlock) || e.at > 0 && e.anyBefore() {
		return nil
	}
	if e.has(LayerLandlock) {
		return kernel.SetNoNewPrivsAll()
	}
	return kernel.SetNoNewPrivs()
}

// anyBefore reports whether an earlier phase has set no_new_privs.
func (e *entering) anyBefore() bool {
	for i, st := range e.steps[:e.at] {
		if st.wide != nil || len(e.domains[i]) > 0 {
			return true
		}
	}
	return false
}

func (e *entering) has(name Layer) bool {
	for _, l := range e.layers {
		if l.Layer == name && l.apply != nil {
			return true
		}
	}
	return false
}

func wrap(l Layer, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return err
	}
	return &Error{Layer: l, Err: err}
}

// descriptors lists what is open, if that may be done.
func (e *entering) descriptors() {
	if e.at > 0 && !e.mayOpenProc() {
		e.report.DescriptorsUnknown = "the phase before does not let the program list them"
		return
	}
	open, err := kernel.OpenDescriptors()
	if err != nil {
		e.report.DescriptorsUnknown = err.Error()
		return
	}
	for _, d := range open {
		e.report.Descriptors = append(e.report.Descriptors, Descriptor{d.FD, d.Target})
	}
}

// mayOpenProc reports whether earlier phases have no filter that could stop
// what os does to list a folder.
func (e *entering) mayOpenProc() bool {
	for _, st := range e.steps[:e.at] {
		if st.wide != nil && e.needs.Seccomp != AuditOnly {
			return false
		}
	}
	return true
}

// lacking makes of what is missing an error, or a line of the report.
func (l *layer) lacking(err error) error {
	if l.Need == Required {
		return wrap(l.Layer, err)
	}
	l.Lacks = append(l.Lacks, err.Error())
	return nil
}

func notSeen(l Layer, format string, args ...any) error {
	return &Error{Layer: l, Kind: ErrNotSeen, Err: fmt.Errorf(format, args...)}
}
