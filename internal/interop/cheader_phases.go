package interop

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/policy"
)

// cPhase is the function that enters a phase.
type cPhase struct {
	Symbol, About string
	Index         int
	Steps         []string // calls of functions that return 0 or -errno, in order
}

// cClass is the function that enters a thread class.
type cClass struct {
	Suffix, About string
	Cases         []cCase
}

// cCase is what a thread of the class installs in one phase.
type cCase struct {
	Number int // of the phase, from 1
	Phase  string
	Enter  string // a call of a function that returns 0 or -errno
}

// planPhases lists what each phase does, what can be found wrong first.
func (h *cHeader) planPhases() {
	privileged := false
	for i, ph := range h.policy.Phases {
		c := cPhase{Symbol: cSymbol(ph.Name), Index: i, About: aboutPhase(ph)}
		if i == 0 {
			c.Steps = append(c.Steps, h.firstSteps()...)
		}
		domains := h.rulesetsOf(i)
		filtered := filtered(ph)
		if !privileged && (filtered || len(domains) > 0) {
			privileged = true
			c.Steps = append(c.Steps, "privs()")
		}
		if len(domains) > 0 {
			c.Steps = append(c.Steps, "together()")
		}
		if ph.Strict {
			c.Steps = append(c.Steps, "sole()")
		}
		if i == 0 {
			c.Steps = append(c.Steps, h.Process.Steps...)
		}
		for _, r := range domains {
			c.Steps = append(c.Steps, fmt.Sprintf("restrict(%d)", r.Index))
		}
		switch {
		case ph.Strict:
			c.Steps = append(c.Steps, "strict()")
		case filtered:
			c.Steps = append(c.Steps, "install("+array(wideFilter(i, ph))+", 1)")
		}
		h.Phases = append(h.Phases, c)
	}
}

// firstSteps is what the first phase does for all of them.
func (h *cHeader) firstSteps() (steps []string) {
	if h.Actions != "" {
		steps = append(steps, "supported()")
	}
	if len(h.Rulesets) > 0 {
		steps = append(steps, "make_rulesets()")
	}
	return steps
}

func aboutPhase(ph *policy.PhaseRules) string {
	about := "enter_" + cSymbol(ph.Name) + " puts all threads into phase " + inComment(ph.Name)
	if ph.Trigger != nil {
		about += " (after " + inComment(ph.Trigger.String()) + ", the policy says)"
	}
	return about + "; " + inPlace(ph.Pos) + "."
}

// planClasses lists what the threads of each class install, phase by phase.
func (h *cHeader) planClasses() {
	for n, name := range h.classNames {
		c := cClass{Suffix: classSuffix(name), About: "enter_thread" + classSuffix(name) + " is for a thread of class " + inComment(name) + "."}
		if name == "" {
			c.About = "enter_thread is for a thread that no block of the policy names."
		}
		for i, ph := range h.policy.Phases {
			if enter := enters(i, ph, n, name); enter != "" {
				c.Cases = append(c.Cases, cCase{i + 1, inComment(ph.Name), enter})
			}
		}
		h.Classes = append(h.Classes, c)
	}
}

// enters is how a thread enters a class in a phase; "" where the phase has no
// such class.
func enters(i int, ph *policy.PhaseRules, n int, name string) string {
	switch classKind(ph, name) {
	case noClass:
		return ""
	case modeOne:
		return fmt.Sprintf("class_strict(%d)", i+1)
	case allowsAll:
		return fmt.Sprintf("class(%d, 0, 0)", i+1)
	}
	class := "class"
	if !filtered(ph) {
		class = "class_first"
	}
	return fmt.Sprintf("%s(%d, %s)", class, i+1, array(classFilter(i, ph, n, name)))
}

// manual is the header's own explanation.
func (h *cHeader) manual(without policy.ErrorList) string {
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(strings.TrimRight(" * "+fmt.Sprintf(format, args...), " ") + "\n")
	}
	line("")
	line("Include it where you like, and call, in this order:")
	line("")
	for _, ph := range h.policy.Phases {
		line("    %s()", h.phaseFunction(ph.Name))
	}
	if h.classNames != nil {
		line("    then, each thread for itself and last of all,")
		for _, name := range h.classNames {
			line("    %s()", h.classFunction(name))
		}
	}
	line("")
	line("A phase holds for all threads, and there is no way back. Each call returns 0, or")
	line("-errno and leaves errno alone; a program that gets an error should end:")
	for _, e := range h.errors() {
		line("  %s", e)
	}
	for _, e := range without {
		line("")
		line("NOT ENFORCED, as --best-effort asked for: %s", inComment(e.Error()))
	}
	return b.String()
}

// errors explains what the functions return.
func (h *cHeader) errors() []string {
	list := []string{
		"-EPERM       the phases before are not entered, or a thread has entered its class",
		"-EALREADY    entered already        -EAGAIN  another thread is entering a phase",
		"-ESRCH       a thread has a filter that is not of this header; nothing was installed",
	}
	if h.classNames != nil {
		list = append(list, "-EINVAL      the phase has no such thread class")
	}
	if h.StrictPhase {
		list = append(list, "-EBUSY       other threads run, and mode 1 is a thread's own")
	}
	if len(h.Rulesets) > 0 {
		list = append(list, "-ENOENT      a path of the policy is missing",
			"-EBUSY       other threads run, and /proc/self/task, where they are listed, cannot be read",
			"-ETIMEDOUT   a thread was signalled (33), and does not restrict itself",
			"Before Linux 7.0, Landlock interrupts the calls in which other threads wait (EINTR).")
	}
	return append(list, "-EOPNOTSUPP, -ENOSYS and others: the kernel lacks or refuses what the policy needs")
}
