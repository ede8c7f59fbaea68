package launch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// evidence is what shows that Landlock's domains are on. /proc does not tell;
// so the thread that has entered them tries, before its filter, what they
// should deny and nothing else does.
type evidence struct {
	entry *entry
	guard bool // nothing but the program's chain is executable
	chain []string
	ports bool // TCP ports are handled
	saw   []string
}

// attempt is a thing to try; err is nil if it went through.
type attempt struct {
	what string
	try  func() error
}

// around calls enter, which enters the domains, and tries each thing before
// and after. It is evidence if it went through before and is EACCES after;
// what did not go through before tells nothing.
func (e *evidence) around(enter func() error) error {
	var open []attempt
	for _, a := range e.attempts() {
		if a.try() == nil {
			open = append(open, a)
		}
	}
	if err := enter(); err != nil {
		return err
	}
	for _, a := range open {
		if err := a.try(); !errors.Is(err, syscall.EACCES) {
			return notDenied(a.what, err)
		}
		e.saw = append(e.saw, a.what+" is denied")
	}
	return e.tcp()
}

func notDenied(what string, err error) error {
	if err == nil {
		err = errors.New("success")
	}
	return &kernel.Error{Op: what, Layer: kernel.Landlock, Err: fmt.Errorf("should be denied with EACCES, and the answer is: %w", err)}
}

// String says what was seen.
func (e *evidence) String() string {
	if len(e.saw) == 0 {
		return "landlock_restrict_self succeeded; /proc does not show domains"
	}
	return strings.Join(e.saw, "; ")
}

// attempts are to read the root folder, which no rule but one on itself
// allows, and to execute narrow's own file.
func (e *evidence) attempts() []attempt {
	var all []attempt
	if len(e.entry.files) > 0 && !e.allowsRoot() {
		all = append(all, attempt{"reading /", func() error { return kernel.TryReadFolder("/") }})
	}
	const own = "/proc/self/exe"
	if e.guard && !e.inChain(own) {
		all = append(all, attempt{"executing narrow", func() error { return kernel.TryExecute(own) }})
	}
	return all
}

// allowsRoot reports whether all blocks have a line for the root folder.
func (e *evidence) allowsRoot() bool {
	return !slices.ContainsFunc(e.entry.files, func(block *policy.FilesRules) bool {
		return !slices.ContainsFunc(block.Paths, func(rule policy.PathRule) bool { return isRoot(rule.Path) })
	})
}

// isRoot reports whether the path leads to the root folder, by whatever links.
func isRoot(path string) bool {
	root, err := placeAt("/")
	place, err2 := placeAt(path)
	return err == nil && err2 == nil && root == place
}

// inChain reports whether the file is one that stays executable, or may be.
func (e *evidence) inChain(path string) bool {
	place, err := placeAt(path)
	return err != nil || slices.ContainsFunc(e.chain, func(file string) bool {
		other, err := placeAt(file)
		return err != nil || other == place
	})
}

// tcp connects and binds to a port that no line names. Landlock looks before
// anything else does, so any answer but EACCES is not its own; and trying
// before would have been a real connection.
func (e *evidence) tcp() error {
	for _, block := range e.entry.network {
		if err := e.port("connect", block.ConnectAny, block.Connect, kernel.TryConnectTCP); err != nil {
			return err
		}
		if err := e.port("bind", block.BindAny, block.Bind, kernel.TryBindTCP); err != nil {
			return err
		}
	}
	return nil
}

func (e *evidence) port(verb string, all bool, allowed []policy.Range, try func(uint16) (bool, error)) error {
	port, ok := portOutside(allowed)
	if all || !ok || !e.ports {
		return nil
	}
	what := fmt.Sprintf("%s tcp %d", verb, port)
	tried, err := try(port)
	switch {
	case !tried:
		return nil
	case !errors.Is(err, syscall.EACCES):
		return notDenied(what, err)
	}
	e.saw = append(e.saw, what+" is denied")
	return nil
}

// portOutside finds a port that is not allowed. It is an unprivileged one, as
// binding to the others is EACCES for other reasons too.
func portOutside(allowed []policy.Range) (uint16, bool) {
	for port := uint64(1024); port < 1<<16; port++ {
		if !in(allowed, port) {
			return uint16(port), true
		}
	}
	return 0, false
}
