package scmp

import (
	"slices"
	"syscall"

	"github.com/narrow-sandbox/narrow/bpf"
)

// Context is a filter that is being built. It is not safe for concurrent use.
// The zero Context is not valid; New makes one.
type Context struct {
	kernel    *Kernel
	attrs     attributes
	filters   []*filter
	snapshots [][]*filter
	notifies  bool
	compiled  bpf.Program // nil: not yet, or out of date
	proved    bool        // that compiled is what Rules say
}

// New makes a context for the native architecture whose default action is
// taken where no rule matches. Like seccomp_init(3), which returns NULL where
// the error here is EINVAL.
func New(k *Kernel, defaultAction Action) (*Context, error) {
	c := &Context{kernel: k}
	return c, c.Reset(defaultAction)
}

// Reset makes the context as New does. Like seccomp_reset(3).
func (c *Context) Reset(defaultAction Action) error {
	native := find(Native)
	if native == nil || !c.kernel.takes(defaultAction) {
		return syscall.EINVAL
	}
	*c = Context{kernel: c.kernel, attrs: newAttributes(defaultAction), notifies: defaultAction == Notify,
		filters: []*filter{{arch: native}}}
	return nil
}

// check is EINVAL for a context that has no architecture left, as libseccomp
// takes nothing else for valid.
func (c *Context) check() error {
	if c == nil || len(c.filters) == 0 {
		return syscall.EINVAL
	}
	return nil
}

func (c *Context) indexOf(t Token) int {
	a := find(t)
	return slices.IndexFunc(c.filters, func(f *filter) bool { return f.arch == a })
}

// HasArch reports whether the context has rules for the architecture; EINVAL
// says that there is no such architecture. Like seccomp_arch_exist(3).
func (c *Context) HasArch(t Token) (bool, error) {
	if !t.Valid() {
		return false, syscall.EINVAL
	}
	return c.indexOf(t) >= 0, nil
}

// AddArch adds an architecture, without rules: those that are there are not
// added to it. EEXIST: it is there, EDOM: its byte order is another, EINVAL:
// there is no such architecture. Like seccomp_arch_add(3).
func (c *Context) AddArch(t Token) error {
	a := find(t)
	switch {
	case a == nil:
		return syscall.EINVAL
	case c.indexOf(t) >= 0:
		return syscall.EEXIST
	case len(c.filters) > 0 && c.filters[0].arch.abi.BigEndian != a.abi.BigEndian:
		return syscall.EDOM
	}
	c.filters = append(slices.Clone(c.filters), &filter{arch: a})
	c.changed()
	return nil
}

// RemoveArch removes an architecture with its rules. EEXIST: it is not there.
// Like seccomp_arch_remove(3).
func (c *Context) RemoveArch(t Token) error {
	if !t.Valid() {
		return syscall.EINVAL
	}
	i := c.indexOf(t)
	if i < 0 {
		return syscall.EEXIST
	}
	c.filters = slices.Delete(slices.Clone(c.filters), i, i+1)
	c.changed()
	return nil
}

// Merge moves the architectures of src, with their rules, to c; src is empty
// then. EINVAL: the default actions, no_new_privs or tsync differ, EDOM: the
// byte orders differ, EEXIST: both have an architecture. Like seccomp_merge(3).
func (c *Context) Merge(src *Context) error {
	if c.check() != nil || src.check() != nil || c == src || !c.attrs.mergeable(&src.attrs) {
		return syscall.EINVAL
	}
	if c.filters[0].arch.abi.BigEndian != src.filters[0].arch.abi.BigEndian {
		return syscall.EDOM
	}
	for _, f := range src.filters {
		if c.indexOf(f.arch.token) >= 0 {
			return syscall.EEXIST
		}
	}
	c.filters = append(slices.Clone(c.filters), src.filters...)
	c.notifies = c.notifies || src.notifies
	c.changed()
	src.filters, src.snapshots = nil, nil
	src.changed()
	return nil
}

// AddRule adds a rule for a call, whose number is the native architecture's,
// to every architecture of the context. A rule that an architecture cannot
// have as it stands is adapted to it. Like seccomp_rule_add_array(3).
//
// EACCES: the action is the default action. EINVAL: a bad number, action or
// comparison, or two for one argument. EFAULT: no such call. EEXIST: the rule
// contradicts one that is there. The context is then as it was.
func (c *Context) AddRule(action Action, nr int32, comparisons ...Comparison) error {
	return c.addRule(false, action, nr, comparisons)
}

// AddRuleExact is AddRule for one architecture that can have the rule as it
// stands; EOPNOTSUPP: there are several, EDOM: the call does not exist there.
// Like seccomp_rule_add_exact_array(3).
func (c *Context) AddRuleExact(action Action, nr int32, comparisons ...Comparison) error {
	return c.addRule(true, action, nr, comparisons)
}

func (c *Context) addRule(strict bool, action Action, nr int32, comparisons []Comparison) error {
	switch {
	case len(comparisons) > args || c.check() != nil || nr <= -1 && nr >= -99:
		return syscall.EINVAL
	case !c.kernel.takes(action) || action == Notify && c.attrs.tsync && !c.kernel.has(flagTSYNCESRCH):
		return syscall.EINVAL
	case action == c.attrs.defaultAction:
		return syscall.EACCES
	case strict && len(c.filters) > 1:
		return syscall.EOPNOTSUPP
	}
	r, err := newRule(action, nr, strict, comparisons)
	if err != nil {
		return err
	}
	return c.addEverywhere(&r)
}

// addEverywhere adds the rule to each architecture, or to none.
func (c *Context) addEverywhere(r *rule) error {
	var first error
	for _, f := range c.filters {
		if err := f.add(*r); err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		for _, f := range c.filters {
			f.rollBack()
		}
		return first
	}
	c.notifies = c.notifies || r.action == Notify
	c.changed()
	return nil
}

// SetPriority hints how often a call is made: the higher, the fewer steps it
// takes. The first errno is told, and what went before it stays.
// Like seccomp_syscall_priority(3).
func (c *Context) SetPriority(nr int32, priority uint8) error {
	if c.check() != nil || nr <= -1 && nr >= -99 {
		return syscall.EINVAL
	}
	var first error
	for _, f := range c.filters {
		if err := f.prioritize(nr, priority); err != nil && first == nil {
			first = err
		}
	}
	if first == nil {
		c.changed()
	}
	return first
}

// Begin starts a transaction: what is done from here on can be taken back.
// Transactions nest. Like seccomp_transaction_start(3).
func (c *Context) Begin() error {
	if err := c.check(); err != nil {
		return err
	}
	saved := make([]*filter, len(c.filters))
	for i, f := range c.filters {
		saved[i] = f.copy()
	}
	c.snapshots = append(c.snapshots, saved)
	return nil
}

// Commit keeps what was done since the last Begin, if there was one.
// Like seccomp_transaction_commit(3).
func (c *Context) Commit() error {
	if err := c.check(); err != nil {
		return err
	}
	if n := len(c.snapshots); n > 0 {
		c.snapshots = c.snapshots[:n-1]
	}
	return nil
}

// Reject takes back what was done since the last Begin, if there was one.
// Like seccomp_transaction_reject(3).
func (c *Context) Reject() {
	n := len(c.snapshots)
	if n == 0 {
		return
	}
	c.filters = c.snapshots[n-1]
	c.snapshots = c.snapshots[:n-1]
	c.changed()
}
