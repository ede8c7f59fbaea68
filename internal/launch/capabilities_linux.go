package launch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// capabilities is what the program keeps of them.
type capabilities struct {
	does         []string
	keep         kernel.CapSet // of those that narrow has
	ambient      bool          // the program is not user 0: only ambient ones pass its exec
	bounding     bool          // narrow may narrow the bounding set
	boundingDone bool
	last         uint
}

// capabilities plans them; nil if the policy does not say. What narrow does not
// have itself cannot be kept, and that is no error: a profile serves root and
// an ordinary user.
func (p *planner) capabilities(o *owner) (*capabilities, error) {
	rules := &p.policy.Process
	if !rules.SetCapabilities {
		return nil, nil
	}
	c := &capabilities{
		does:     describeCapabilities(rules),
		bounding: p.self.CapEffective.Has(capSetpcap),
		last:     kernel.LastCap(),
	}
	var unknown []error
	for _, name := range rules.Capabilities {
		n, err := kernel.CapByName(name)
		if err != nil {
			unknown = append(unknown, fmt.Errorf("%v: %w", rules.Pos, err))
			continue
		}
		c.keep |= 1 << n
	}
	c.keep &= p.self.CapPermitted
	uid := p.self.UID[1]
	if o != nil && o.uid != nil {
		uid = *o.uid
	}
	c.ambient = uid != 0
	return c, errors.Join(unknown...)
}

func (c *capabilities) step() *step {
	return &step{layer: kernel.Capabilities, does: c.does, apply: c.apply, seen: c.seen}
}

// dropBounding leaves only what is kept in the bounding set, so that no exec
// gives more back. Without CAP_SETPCAP it cannot, and need not:
// no_new_privs lets no exec add anything either.
func (c *capabilities) dropBounding() error {
	if !c.bounding {
		return nil
	}
	for n := uint(0); n <= c.last; n++ {
		if c.keep.Has(n) {
			continue
		}
		if err := kernel.CapBoundingDrop(n); err != nil {
			return err
		}
	}
	return nil
}

func (c *capabilities) apply() error {
	if !c.boundingDone {
		if err := c.dropBounding(); err != nil {
			return err
		}
	}
	if err := kernel.CapAmbientClear(); err != nil {
		return err
	}
	if err := kernel.Capset(c.keep); err != nil {
		return err
	}
	for n := uint(0); c.ambient && n <= c.last; n++ {
		if !c.keep.Has(n) {
			continue
		}
		if err := kernel.CapAmbientRaise(n); err != nil {
			return err
		}
	}
	return nil
}

func (c *capabilities) seen(s *kernel.Status) (string, error) {
	bounding := s.CapBounding
	if !c.bounding {
		bounding = 0
	}
	saw := fmt.Sprintf("permitted %s, bounding %016x", setText(s.CapPermitted), uint64(s.CapBounding))
	if s.CapPermitted != c.keep || s.CapEffective != c.keep || s.CapInheritable != c.keep ||
		bounding&^c.keep != 0 || s.CapAmbient&^c.keep != 0 || c.ambient && s.CapAmbient != c.keep {
		return "", fmt.Errorf("asked for %s, /proc says %s", setText(c.keep), saw)
	}
	return saw, nil
}

func setText(s kernel.CapSet) string {
	if s == 0 {
		return "none"
	}
	return strings.Join(kernel.CapNames(s), ", ")
}
