package narrow

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// Enter puts the whole process, every thread of it, into the policy's next
// phase: the process block (with the first phase), no_new_privs, Landlock,
// seccomp. Phases are entered in their order, each once, and before any thread
// enters its class. Other goroutines and threads may run meanwhile.
//
// An error before anything irreversible leaves the process as it was, but for
// no_new_privs. If a layer fails after another has been applied, the error
// says so, and the Sandbox refuses everything from then on: such a process
// should end. What was applied is read back; a mismatch is ErrNotSeen.
//
// The errors are *Error: ErrUnknownPhase, ErrEntered, ErrOrder, ErrStrict,
// ErrThreadDiverges, ErrNotSeen, ErrNotSupported or an errno.
func (s *Sandbox) Enter(phase string) (*Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.next(phase)
	if err != nil {
		return nil, err
	}
	runtime.LockOSThread() // the filters of this thread are those that all others get
	defer runtime.UnlockOSThread()
	report, begun, err := s.enterProcess(i)
	if err != nil && begun {
		s.broken = err
	}
	if err != nil {
		return nil, about(phase, "", err)
	}
	s.entered = i + 1
	return report, nil
}

// next checks that the phase is the next one.
func (s *Sandbox) next(phase string) (int, error) {
	wrong := func(kind error, hint, format string, args ...any) (int, error) {
		return 0, &Error{Phase: phase, Kind: kind, Err: fmt.Errorf(format, args...), Hint: hint}
	}
	i, err := s.at(phase)
	switch {
	case err != nil:
		return 0, err
	case s.broken != nil:
		return wrong(ErrOrder, "end the process", "an earlier step stopped half way: %w", s.broken)
	case i < s.entered:
		return wrong(ErrEntered, "", "entered already, and there is no way back")
	case i > s.entered:
		return wrong(ErrOrder, "enter "+s.steps[s.entered].phase.Name+" first", "the phases before it are not entered")
	case len(s.threads) > 0:
		return wrong(ErrOrder, "enter all phases of the process before any thread enters its class",
			"threads have entered their class, and their filters cannot be brought in line with the process's")
	case s.steps[i].phase.Strict:
		return wrong(ErrStrict, "write `allow @strict`, or allow what the runtime needs",
			"strict is the kernel's mode 1, and a whole Go process cannot live in it: its runtime needs futex, mmap and timers on every thread")
	}
	return i, nil
}

// EnterThread puts the calling goroutine's thread into a thread class of the
// phase that was entered last: the class's own filter is stacked on the
// process's. The class is the name of a `thread` block or one that its glob
// matches; "" is the rules of threads that no block names.
//
// The goroutine has called runtime.LockOSThread, and stays locked for good: the
// thread ends with the goroutine, so that no other goroutine ever runs on it.
// Without it EnterThread is an error, as Go would go on elsewhere and use the
// narrowed thread for anything. What the goroutine calls is what the class
// needs, besides what Go's runtime does on any thread (futex, nanosleep, mmap,
// madvise, sigaltstack, rt_sigreturn, tgkill, exit). Threads are never started
// from it. On the process's first thread, which Go cannot end, the goroutine
// should live as long as the process.
//
// A failure installs nothing. The errors are *Error: ErrNotLocked, ErrOrder
// before any phase, ErrUnknownClass, ErrEntered, ErrStrict, ErrNotSeen,
// ErrNotSupported or an errno.
func (s *Sandbox) EnterThread(class string) (*Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	report, err := s.enterLocked(class)
	if err == nil {
		return report, nil
	}
	phase := ""
	if s.entered > 0 {
		phase = s.steps[s.entered-1].phase.Name
	}
	return nil, about(phase, class, err)
}

// enterLocked enters the class on a thread that is the goroutine's own, and
// locks it once more, so that one UnlockOSThread too many does not free it.
func (s *Sandbox) enterLocked(class string) (*Report, error) {
	if !locked() {
		return nil, &Error{Kind: ErrNotLocked, Err: errors.New("the goroutine is not locked to its thread, which other goroutines would go on using"),
			Hint: "call runtime.LockOSThread first, and never unlock it"}
	}
	runtime.LockOSThread()
	report, installed, err := s.enterClass(class)
	if err != nil && !installed {
		runtime.UnlockOSThread()
	}
	return report, err
}

// enterClass finds the class's filter and installs it.
func (s *Sandbox) enterClass(name string) (report *Report, installed bool, err error) {
	switch {
	case s.policy == nil:
		return nil, false, errUnmade()
	case s.broken != nil:
		return nil, false, &Error{Kind: ErrOrder, Err: fmt.Errorf("an earlier step stopped half way: %w", s.broken), Hint: "end the process"}
	case s.entered == 0:
		return nil, false, &Error{Kind: ErrOrder, Err: errors.New("no phase is entered, and a process's filters come before a thread's"),
			Hint: "call Enter(" + quote(s.steps[0].phase.Name) + ") first"}
	}
	st := s.steps[s.entered-1]
	f, err := st.filterFor(name)
	if err != nil {
		return nil, false, err
	}
	return s.enterThread(st, name, f)
}

// filterFor is the filter of a thread class; nil if it needs none of its own.
func (st *step) filterFor(name string) (*filter, error) {
	if name == "" {
		return st.own, nil
	}
	c := st.phase.Class(name)
	switch {
	case c == nil:
		return nil, &Error{Kind: ErrUnknownClass, Err: fmt.Errorf("phase %s has no thread block for %q", st.phase.Name, name), Hint: st.classHint()}
	case c.Strict:
		return nil, &Error{Kind: ErrStrict,
			Err:  errors.New("strict is the kernel's mode 1, and a thread of a Go process cannot live in it: the garbage collector stops every thread, and a stopped one waits in futex, for which mode 1 kills it and leaves the process waiting"),
			Hint: "write `allow @strict` and what the runtime needs"}
	}
	return st.classes[c.Name], nil
}

func (st *step) classHint() string {
	if len(st.phase.Classes) == 0 {
		return "it has none; \"\" is its own rules"
	}
	var names []string
	for _, c := range st.phase.Classes {
		names = append(names, c.Name)
	}
	return "it has " + strings.Join(names, ", ") + "; \"\" is its own rules"
}

func quote(s string) string { return `"` + s + `"` }

// about says in an error which phase and thread class it is about.
func about(phase, class string, err error) error {
	var e *Error
	if errors.As(err, &e) {
		c := *e
		if c.Phase == "" {
			c.Phase = phase
		}
		if c.Class == "" {
			c.Class = class
		}
		return &c
	}
	return &Error{Phase: phase, Class: class, Err: err}
}
