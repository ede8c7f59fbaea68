package inject

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// step is one Step at work.
type step struct {
	*Process
	layers    *Layers
	plans     []plan
	suspended bool // the filters that the threads have are not asked
	domains   []int
	report    *Report

	quiet   bool // no_new_privs, which is no harm, has been set
	partial bool // something that cannot be taken off is on a thread
}

// plan is what one thread takes on.
type plan struct {
	*Thread
	filter *Filter // nil installs none
	class  string
}

// Step stops all threads, makes each take on its layers, and looks at the
// result in /proc. Afterwards they are stopped still, ready to go on where they
// were: Release or Resume follows, and does so at an error too.
//
// The error is an *Error, or several joined; unless one is Partial, the process
// has taken on nothing.
func (p *Process) Step(l *Layers) (*Report, error) {
	s := &step{Process: p, layers: l, report: &Report{PID: p.PID, Phase: l.Phase}}
	if err := l.native(); err != nil {
		return nil, p.wrong(nil, ErrABI, err, "")
	}
	if err := p.Stop(); err != nil {
		return nil, err
	}
	if p.exec {
		return nil, p.wrong(nil, ErrExec, ErrExec, "")
	}
	if err := s.judge(); err != nil {
		return nil, err
	}
	err := s.run()
	if settled := s.end(); settled != nil {
		err = errors.Join(err, settled)
	}
	if err != nil {
		return nil, s.mark(err)
	}
	p.report = s.report
	return s.report, nil
}

// mark says in an error what has become of the process.
func (s *step) mark(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		e = s.wrong(nil, nil, err, "")
	}
	e.Partial = s.partial
	if s.quiet && !s.partial && e.Hint == "" {
		e.Hint = "nothing but no_new_privs has been set"
	}
	return err
}

// run applies the layers, in an order in which what can fail comes first and
// what would stop the next one comes last.
func (s *step) run() error {
	borrowed, err := s.borrow()
	if err != nil {
		return err
	}
	defer borrowed.giveBack()
	if err := s.begin(); err != nil {
		return err
	}
	for _, apply := range []func() error{s.guard, s.admits, s.rulesets, s.limits, s.memory, s.noNewPrivs, s.landlock, s.seccomp, s.verify} {
		if err := apply(); err != nil {
			return err
		}
	}
	return nil
}

// end gives the threads back what they had.
func (s *step) end() error {
	err := s.settle()
	for _, t := range s.threads {
		t.ready = true
		err = errors.Join(err, ignoreGone(kernel.PtraceSetOptions(t.TID, s.trace)))
	}
	return err
}

func ignoreGone(err error) error {
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	return err
}

// guard keeps the threads' filters from being asked, where the caller may. And
// should this process be killed before the threads have their registers back,
// the program ends with it, rather than run on from wherever it was made to be.
func (s *step) guard() error {
	options := s.trace | unix.PTRACE_O_EXITKILL
	s.suspended = true
	for _, t := range s.threads {
		err := kernel.PtraceSetOptions(t.TID, options|unix.PTRACE_O_SUSPEND_SECCOMP)
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
			s.suspended = false // on the first; then on none
			err = kernel.PtraceSetOptions(t.TID, options)
		}
		if err != nil {
			return s.lost(t, err)
		}
	}
	return nil
}

// memory refuses the process new executable memory. Where its filters cannot be
// suspended and are a phase's of the policy, that has been done before them.
func (s *step) memory() error {
	if !s.layers.Memory {
		return nil
	}
	if s.inPhase() {
		s.note("memory write-xor-execute is taken to be in force since the phase before")
		return nil
	}
	_, err := s.one(s.threads[0], call{"prctl(PR_SET_MDWE)", kernel.Memory, unix.SYS_PRCTL, []uint64{unix.PR_SET_MDWE, unix.PR_MDWE_REFUSE_EXEC_GAIN}})
	s.partial = s.partial || err == nil
	return err
}

// limits are set from outside.
func (s *step) limits() error {
	for _, l := range s.layers.Limits {
		resource, ok := kernel.LimitByName(l.Name)
		if !ok {
			return s.wrong(nil, nil, fmt.Errorf("%v: this system has no limit %s", l.Pos, l.Name), "")
		}
		if err := kernel.SetLimitOf(s.PID, resource, kernel.Limit{Soft: l.Value, Hard: l.Value}); err != nil {
			return s.wrong(nil, nil, err, "")
		}
		s.partial = true
	}
	return nil
}

// noNewPrivs sets it on the threads that lack it.
func (s *step) noNewPrivs() error {
	if !s.narrows() {
		return nil
	}
	var lacking []*Thread
	for _, t := range s.threads {
		if !t.Status.NoNewPrivs {
			lacking = append(lacking, t)
		}
	}
	set := call{"prctl(PR_SET_NO_NEW_PRIVS)", kernel.NoNewPrivs, unix.SYS_PRCTL, []uint64{unix.PR_SET_NO_NEW_PRIVS, 1}}
	return s.all(turns(lacking, set), func() { s.quiet = true })
}

// narrows reports whether there is a layer that needs no_new_privs.
func (s *step) narrows() bool {
	if len(s.layers.Domains) > 0 {
		return true
	}
	for _, p := range s.plans {
		if p.filter != nil {
			return true
		}
	}
	return false
}

// touched notes that something is on a thread that cannot be taken off.
func (s *step) touched() { s.partial = true }
