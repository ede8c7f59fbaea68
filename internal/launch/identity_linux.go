package launch

import (
	"errors"
	"fmt"
	"os/user"
	"strconv"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// Capabilities that changing others needs (linux/capability.h).
const (
	capSetgid  = 6
	capSetuid  = 7
	capSetpcap = 8
)

// identity plans the layers ids and capabilities. They are two of the report
// and one sequence: the bounding set needs CAP_SETPCAP, so it comes first, and
// leaving user 0 drops the capabilities that are to stay unless it is told.
func (p *planner) identity() (ids, capabilities *step, reasons []error) {
	owner, err := p.owner()
	if err != nil {
		reasons = append(reasons, err)
	}
	caps, err := p.capabilities(owner)
	if err != nil {
		reasons = append(reasons, err)
	}
	if len(reasons) > 0 {
		return nil, nil, reasons
	}
	if caps != nil {
		capabilities = caps.step()
	}
	if owner != nil {
		ids = owner.step(caps)
		if caps != nil {
			caps.boundingDone = true // by ids, which comes before
		}
	}
	return ids, capabilities, nil
}

// owner is whom the program is to run as.
type owner struct {
	does     []string
	self     *kernel.Status
	uid, gid *uint32 // nil: as it is
}

// owner resolves user and group; nil if the policy names neither.
func (p *planner) owner() (*owner, error) {
	rules := &p.policy.Process
	if rules.User == "" && rules.Group == "" {
		return nil, nil
	}
	o := &owner{does: describeIDs(rules), self: p.self}
	if rules.User != "" {
		uid, gid, err := lookUpUser(rules.User)
		if err != nil {
			return nil, fmt.Errorf("%v: user %s: %w", rules.Pos, rules.User, err)
		}
		o.uid, o.gid = &uid, gid
	}
	if rules.Group != "" {
		gid, err := lookUpGroup(rules.Group)
		if err != nil {
			return nil, fmt.Errorf("%v: group %s: %w", rules.Pos, rules.Group, err)
		}
		o.gid = &gid
	}
	if o.gid == nil {
		return nil, fmt.Errorf("%v: user %s is in no user database, so its group is unknown; add a group line", rules.Pos, rules.User)
	}
	return o, nil
}

// lookUpUser finds a user by name or number. The group is nil for a number
// that the user database does not have.
func lookUpUser(name string) (uid uint32, gid *uint32, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		n, numeric := number(name)
		if !numeric {
			return 0, nil, errors.New("there is no such user")
		}
		if u, err = user.LookupId(name); err != nil {
			return n, nil, nil
		}
	}
	uid, ok := number(u.Uid)
	group, ok2 := number(u.Gid)
	if !ok || !ok2 {
		return 0, nil, fmt.Errorf("the user database gives it the ids %s and %s", u.Uid, u.Gid)
	}
	return uid, &group, nil
}

func lookUpGroup(name string) (uint32, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		if n, numeric := number(name); numeric {
			return n, nil
		}
		return 0, errors.New("there is no such group")
	}
	n, ok := number(g.Gid)
	if !ok {
		return 0, fmt.Errorf("the group database gives it the id %s", g.Gid)
	}
	return n, nil
}

// number reads an id; 2^32-1 is none, as it means "unchanged" to the kernel.
func number(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n != 1<<32-1
}

func (o *owner) step(caps *capabilities) *step {
	s := &step{layer: kernel.IDs, does: o.does, seen: o.seen}
	if o.same(o.self) {
		return s // nothing to do, and no privilege needed
	}
	if !o.self.CapEffective.Has(capSetuid) && o.uid != nil || !o.self.CapEffective.Has(capSetgid) {
		s.lacks = append(s.lacks, fmt.Errorf("changing the user and groups needs root (CAP_SETUID, CAP_SETGID), and this is user %d", o.self.UID[1]))
		s.seen, s.unseen = nil, "not applied"
		return s
	}
	s.apply = func() error { return o.apply(caps) }
	return s
}

// same reports whether the thread is what is asked for already.
func (o *owner) same(s *kernel.Status) bool {
	all := func(ids [4]uint32, id *uint32) bool {
		return id == nil || ids == [4]uint32{*id, *id, *id, *id}
	}
	return all(s.UID, o.uid) && all(s.GID, o.gid) && o.noOtherGroups(s)
}

// noOtherGroups allows for the group itself among the supplementary ones,
// where no privilege can take it away and it grants nothing.
func (o *owner) noOtherGroups(s *kernel.Status) bool {
	for _, g := range s.Groups {
		if o.gid == nil || g != *o.gid {
			return false
		}
	}
	return true
}

func (o *owner) apply(caps *capabilities) error {
	if caps != nil {
		if err := caps.dropBounding(); err != nil {
			return err
		}
		if err := kernel.SetKeepCaps(); err != nil {
			return err
		}
	}
	if err := kernel.SetGroups(nil); err != nil {
		return err
	}
	if err := kernel.SetResGID(*o.gid); err != nil {
		return err
	}
	if o.uid == nil {
		return nil
	}
	return kernel.SetResUID(*o.uid)
}

func (o *owner) seen(s *kernel.Status) (string, error) {
	saw := fmt.Sprintf("uid %v gid %v groups %v", s.UID, s.GID, s.Groups)
	if !o.same(s) {
		return "", fmt.Errorf("asked for %v, /proc says %s", o.does, saw)
	}
	return saw, nil
}
