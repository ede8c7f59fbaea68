package narrow

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// landlock plans the domains of the phase. The rulesets of all phases are made
// with the first one, as a later phase may not let paths be opened.
func (e *entering) landlock() (*layer, error) {
	l := &layer{LayerReport: LayerReport{Layer: LayerLandlock, Need: e.needs.Landlock, Status: Enforced}}
	if e.needs.Landlock == AuditOnly {
		if len(e.step.phase.Files)+len(e.step.phase.Network) == 0 {
			return nil, nil
		}
		l.Status, l.Lacks = Absent, []string{"this layer cannot only watch"}
		return l, nil
	}
	if e.at == 0 {
		if err := e.rulesets(l); err != nil {
			return nil, err
		}
	}
	if len(e.step.phase.Files)+len(e.step.phase.Network) == 0 {
		return nil, nil
	}
	if len(l.Lacks) > 0 {
		l.Status = Weakened
	}
	domains := e.domains[e.at]
	if len(domains) == 0 {
		if l.Status == Enforced {
			l.Status, l.Seen = Unneeded, "the blocks leave nothing out of reach that Landlock knows"
		} else {
			l.Status = Absent
		}
		return l, nil
	}
	if err := e.taskReadable(); err != nil {
		return nil, wrap(LayerLandlock, err)
	}
	l.apply = func() error { return e.restrict(l, domains) }
	return l, nil
}

// rulesets makes the rulesets of all phases, or none.
func (e *entering) rulesets(l *layer) error {
	files, network := e.blocks()
	if len(files)+len(network) == 0 {
		return nil
	}
	var features kernel.Features
	version, err := features.Landlock()
	if err != nil {
		return l.lacking(err)
	}
	rights := kernel.RightsOf(version)
	for _, lack := range ruleset.Lacks(version, files, network) {
		if err := l.lacking(lack); err != nil {
			return err
		}
	}
	for i, st := range e.steps {
		made, err := makeRulesets(st.phase, rights)
		e.domains[i] = made
		if err != nil {
			e.closeRulesets()
			return wrap(LayerLandlock, err)
		}
	}
	return nil
}

func (e *entering) closeRulesets() {
	for i, fds := range e.domains {
		for _, fd := range fds {
			kernel.Close(fd)
		}
		e.domains[i] = nil
	}
}

// makeRulesets makes the rulesets of a phase. With cgo each leaves one folder
// readable as a list.
func makeRulesets(ph *policy.PhaseRules, rights kernel.LandlockRights) ([]int, error) {
	plans := ruleset.Of(ph.Files, ph.Network, rights)
	if extra := extraFolder(); extra != "" {
		for _, p := range plans {
			if p.FS&kernel.FSReadDir != 0 {
				p.Paths = append(p.Paths, ruleset.Path{Name: extra, Allowed: kernel.FSReadDir})
			}
		}
	}
	made, errs := ruleset.Build(ruleset.Here{}, plans)
	return made, errors.Join(errs...)
}

// restrict puts all threads into the domains, and tries to read the root
// folder: what worked before and is denied after is seen.
func (e *entering) restrict(l *layer, domains []int) error {
	tries := e.may(syscall.SYS_OPENAT, ^uint64(99), 1<<20, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC) && !e.rootAllowed()
	tries = tries && kernel.TryReadFolder("/") == nil
	for _, fd := range domains {
		e.begun = true
		if err := kernel.LandlockRestrictSelfAll(fd); err != nil {
			return err
		}
		if e.may(syscall.SYS_CLOSE, uint64(fd)) {
			kernel.Close(fd)
		}
	}
	l.Seen = fmt.Sprintf("landlock_restrict_self succeeded on every thread, %d domain(s)", len(domains))
	if !tries {
		return nil
	}
	if err := kernel.TryReadFolder("/"); !errors.Is(err, syscall.EACCES) {
		return notSeen(LayerLandlock, "reading / should be denied with EACCES, and the answer is %v", err)
	}
	l.Seen += "; reading / is denied"
	return nil
}

// rootAllowed reports whether the root folder may be read in this phase: no
// files block, or one with a path that is, maybe by links, the root.
func (e *entering) rootAllowed() bool {
	for _, block := range e.step.phase.Files {
		named := false
		for _, rule := range block.Paths {
			named = named || isRoot(rule.Path)
		}
		if !named {
			return false
		}
	}
	return true
}

func isRoot(path string) bool {
	root, err := os.Stat("/")
	place, err2 := os.Stat(path)
	return err == nil && err2 == nil && os.SameFile(root, place)
}

// taskPath is the folder of this process's threads.
func taskPath() string { return "/proc/" + strconv.Itoa(os.Getpid()) + "/task" }
