package inject

import (
	"errors"
	"fmt"
	"os"
	"strings"

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

	set     []string // what has been set that concerns all threads and harms none
	partial bool     // a thread has a domain or a filter that others lack
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
	if err := s.patiently(s.judge); err != nil {
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
		err = e
	}
	e.Partial = s.partial
	if len(s.set) > 0 && !s.partial {
		e.Hint = strings.TrimPrefix(e.Hint+"; nothing but "+strings.Join(s.set, ", ")+" has been set", "; ")
	}
	return err
}

// run applies the layers. What can be refused and has no way back comes as early
// as it can; what would stop the next one comes last.
func (s *step) run() error {
	borrowed, err := s.borrow()
	if err != nil {
		return err
	}
	defer borrowed.giveBack()
	if err := s.begin(); err != nil {
		return err
	}
	for _, apply := range []func() error{s.guard, s.admits, s.raises, s.rulesets, s.noNewPrivs, s.landlock, s.capabilities, s.memory, s.limits, s.seccomp, s.verify} {
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
	if err == nil {
		s.set = append(s.set, "memory write-xor-execute")
	}
	return err
}

// raises finds limits that may not be set: only root raises them.
func (s *step) raises() error {
	for _, l := range s.layers.Limits {
		resource, ok := kernel.LimitByName(l.Name)
		if !ok {
			return s.wrong(nil, nil, fmt.Errorf("%v: this system has no limit %s", l.Pos, l.Name), "")
		}
		now, err := kernel.LimitOf(s.PID, resource)
		if err != nil {
			return s.wrong(nil, nil, err, "")
		}
		if l.Value > now.Hard && os.Geteuid() != 0 {
			return s.wrong(nil, nil, fmt.Errorf("%v: its limit %s is %d, and only root raises it", l.Pos, l.Name, now.Hard), "")
		}
	}
	return nil
}

// limits are set from outside.
func (s *step) limits() error {
	for _, l := range s.layers.Limits {
		resource, _ := kernel.LimitByName(l.Name)
		if err := kernel.SetLimitOf(s.PID, resource, kernel.Limit{Soft: l.Value, Hard: l.Value}); err != nil {
			return s.wrong(nil, nil, err, "")
		}
		s.set = append(s.set, "limit "+l.Name)
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
	err := s.all(turns(lacking, set), func() {})
	if len(lacking) > 0 {
		s.set = append(s.set, "no_new_privs")
	}
	return err
}

// narrows reports whether there is a layer that needs no_new_privs.
func (s *step) narrows() bool {
	if len(s.wanted()) > 0 || s.layers.Capabilities != nil {
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
