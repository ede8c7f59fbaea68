package scmp

import "syscall"

// Attribute is a setting of a context (seccomp.h: enum scmp_filter_attr).
type Attribute int

// The attributes; their values are 0 or 1 where nothing else is said.
const (
	DefaultAction Attribute = iota + 1 // an Action, read only
	BadArchAction                      // an Action: for calls of other architectures
	NoNewPrivs                         // set no_new_privs before loading; 1 at first
	TSYNC                              // load on all threads
	SkipCalls                          // allow rules for call -1, with which a tracer skips a call
	LogDenials                         // SECCOMP_FILTER_FLAG_LOG
	AllowSSB                           // SECCOMP_FILTER_FLAG_SPEC_ALLOW
	Optimize                           // 1 or 2: kept, as the compiler here always does its best
	RawErrors                          // errors of the system as they are
	WaitKill                           // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
)

// attributes are the values.
type attributes struct {
	defaultAction, badArch                 Action
	noNewPrivs, tsync, skip, log, allowSSB bool
	optimize                               uint32
	rawErrors, waitKill                    bool
}

func newAttributes(defaultAction Action) attributes {
	return attributes{defaultAction: defaultAction, badArch: KillThread, noNewPrivs: true, optimize: 1}
}

// mergeable reports whether contexts with these attributes may be merged.
func (a *attributes) mergeable(b *attributes) bool {
	return a.defaultAction == b.defaultAction && a.noNewPrivs == b.noNewPrivs && a.tsync == b.tsync
}

// flag is the place of an attribute that is 0 or 1; nil for the others.
func (a *attributes) flag(which Attribute) *bool {
	switch which {
	case NoNewPrivs:
		return &a.noNewPrivs
	case TSYNC:
		return &a.tsync
	case SkipCalls:
		return &a.skip
	case LogDenials:
		return &a.log
	case AllowSSB:
		return &a.allowSSB
	case RawErrors:
		return &a.rawErrors
	case WaitKill:
		return &a.waitKill
	}
	return nil
}

// needs is the flag of seccomp(2) that an attribute stands for, or 0.
func (which Attribute) needs() filterFlag {
	switch which {
	case TSYNC:
		return flagTSYNC
	case LogDenials:
		return flagLog
	case AllowSSB:
		return flagSpecAllow
	}
	return 0
}

// Attr returns an attribute. EINVAL: there is none like it. Like
// seccomp_attr_get(3).
func (c *Context) Attr(which Attribute) (uint32, error) {
	if err := c.check(); err != nil {
		return 0, err
	}
	switch which {
	case DefaultAction:
		return uint32(c.attrs.defaultAction), nil
	case BadArchAction:
		return uint32(c.attrs.badArch), nil
	case Optimize:
		return c.attrs.optimize, nil
	}
	f := c.attrs.flag(which)
	switch {
	case f == nil:
		return 0, syscall.EINVAL
	case *f:
		return 1, nil
	}
	return 0, nil
}

// SetAttr sets an attribute. EACCES: it is read only, EINVAL: there is none
// like it, or the value is bad, EOPNOTSUPP: the kernel or API level lacks it.
// Like seccomp_attr_set(3).
func (c *Context) SetAttr(which Attribute, value uint32) error {
	if err := c.check(); err != nil {
		return err
	}
	switch which {
	case DefaultAction:
		return syscall.EACCES
	case BadArchAction:
		return c.setBadArch(Action(value))
	case Optimize:
		if value != 1 && value != 2 {
			return syscall.EOPNOTSUPP
		}
		c.attrs.optimize = value
		return nil
	}
	return c.setFlag(which, value != 0)
}

func (c *Context) setBadArch(action Action) error {
	if !c.kernel.takes(action) || action == Notify && c.attrs.tsync && !c.kernel.has(flagTSYNCESRCH) {
		return syscall.EINVAL
	}
	c.attrs.badArch = action
	c.changed()
	return nil
}

func (c *Context) setFlag(which Attribute, value bool) error {
	f := c.attrs.flag(which)
	if f == nil {
		return syscall.EINVAL
	}
	if need := which.needs(); need != 0 && !c.kernel.has(need) {
		return syscall.EOPNOTSUPP
	}
	if which == TSYNC && value && c.notifies && !c.kernel.has(flagTSYNCESRCH) {
		return syscall.EINVAL // which of the two would the result be?
	}
	*f = value
	if which == SkipCalls {
		c.changed()
	}
	return nil
}
