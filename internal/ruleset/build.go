package ruleset

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// Maker makes the calls that a ruleset takes, in some process. Descriptors are
// those of that process, and paths are looked up as it sees them.
type Maker interface {
	// CreateRuleset makes an empty ruleset and returns its descriptor.
	CreateRuleset(kernel.AccessFS, kernel.AccessNet, kernel.Scope) (ruleset int, err error)

	// OpenPath opens a place with O_PATH and tells whether it is a folder. The
	// error unwraps to the errno.
	OpenPath(path string) (fd int, folder bool, err error)

	AddPath(ruleset, fd int, allowed kernel.AccessFS) error
	AddPort(ruleset int, port uint16, allowed kernel.AccessNet) error
	Close(fd int)
}

// Build makes the rulesets of plans. With errors, which are those of all
// paths, it returns none: what it had made is closed.
func Build(m Maker, plans []*Plan) (rulesets []int, errs []error) {
	for _, p := range plans {
		fd, wrong := p.build(m)
		if fd >= 0 {
			rulesets = append(rulesets, fd)
		}
		errs = append(errs, wrong...)
	}
	if len(errs) == 0 {
		return rulesets, nil
	}
	for _, fd := range rulesets {
		m.Close(fd)
	}
	return nil, errs
}

func (p *Plan) build(m Maker) (ruleset int, errs []error) {
	ruleset, err := m.CreateRuleset(p.FS, p.Net, p.Scope)
	if err != nil {
		return -1, []error{err}
	}
	for _, path := range p.Paths {
		if err := path.add(m, ruleset); err != nil {
			errs = append(errs, err)
		}
	}
	for _, ports := range p.Ports {
		if err := ports.add(m, ruleset); err != nil {
			errs = append(errs, err)
		}
	}
	return ruleset, errs
}

func (p Path) add(m Maker, ruleset int) error {
	fd, folder, err := m.OpenPath(p.Name)
	switch {
	case err == nil:
	case missing(err) && p.Optional:
		return nil
	case missing(err) && p.Pos != (policy.Pos{}):
		return fmt.Errorf("%v: %s does not exist; write %s? if it may be missing", p.Pos, p.Name, p.Name)
	default:
		return p.about(reason(err))
	}
	defer m.Close(fd)
	allowed := p.Allowed
	if !folder {
		allowed &= kernel.FSOnFile // the kernel refuses the others
	}
	if allowed == 0 {
		return nil
	}
	if err := m.AddPath(ruleset, fd, allowed); err != nil {
		return p.about(err)
	}
	return nil
}

// about says which path, and whose, an error is about.
func (p Path) about(err error) error {
	if p.Pos == (policy.Pos{}) {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return fmt.Errorf("%v: %s: %w", p.Pos, p.Name, err)
}

// missing reports whether there is nothing at the path.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// reason is the errno alone, as the path is named beside it.
func reason(err error) error {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}

func (p Ports) add(m Maker, ruleset int) error {
	for _, r := range p.Ranges {
		for port := r.Low; port <= min(r.High, 1<<16-1); port++ {
			if err := m.AddPort(ruleset, uint16(port), p.Allowed); err != nil {
				return err
			}
		}
	}
	return nil
}
