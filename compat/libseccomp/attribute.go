package seccomp

import "github.com/narrow-sandbox/narrow/compat/scmp"

// attr reads an attribute; op and level say what the API level must be.
func (f *ScmpFilter) attr(which scmp.Attribute) (value uint32, err error) {
	err = f.with(func(c *scmp.Context) (err error) {
		value, err = c.Attr(which)
		return err
	})
	return value, err
}

func (f *ScmpFilter) bit(which scmp.Attribute) (bool, error) {
	value, err := f.attr(which)
	return value != 0, err
}

func (f *ScmpFilter) action(which scmp.Attribute) (ScmpAction, error) {
	value, err := f.attr(which)
	if err != nil {
		return ActInvalid, err
	}
	return actionOf(value)
}

// setAttr sets an attribute. An error that the API level explains says so.
func (f *ScmpFilter) setAttr(which scmp.Attribute, value uint32, op string, level, minor uint) error {
	err := f.with(func(c *scmp.Context) error { return c.SetAttr(which, value) })
	if err != nil && level > 0 {
		if explained := checkAPI(op, level, 2, minor, 0); explained != nil {
			return explained
		}
	}
	return err
}

func bitOf(state bool) uint32 {
	if state {
		return 1
	}
	return 0
}

// GetDefaultAction returns the action for calls that match no rule.
func (f *ScmpFilter) GetDefaultAction() (ScmpAction, error) { return f.action(scmp.DefaultAction) }

// GetBadArchAction returns the action for calls of architectures that the
// filter does not have; ActKillThread at first.
func (f *ScmpFilter) GetBadArchAction() (ScmpAction, error) { return f.action(scmp.BadArchAction) }

// SetBadArchAction sets the action for calls of architectures that the filter
// does not have.
func (f *ScmpFilter) SetBadArchAction(action ScmpAction) error {
	if err := sanitizeAction(action); err != nil {
		return err
	}
	return f.setAttr(scmp.BadArchAction, uint32(action.kernel()), "", 0, 0)
}

// GetNoNewPrivsBit reports whether Load sets no_new_privs; true at first.
func (f *ScmpFilter) GetNoNewPrivsBit() (bool, error) { return f.bit(scmp.NoNewPrivs) }

// SetNoNewPrivsBit says whether Load sets no_new_privs. Without it the program
// needs CAP_SYS_ADMIN.
func (f *ScmpFilter) SetNoNewPrivsBit(state bool) error {
	return f.setAttr(scmp.NoNewPrivs, bitOf(state), "", 0, 0)
}

// GetLogBit reports whether denials are logged.
func (f *ScmpFilter) GetLogBit() (bool, error) { return f.bit(scmp.LogDenials) }

// SetLogBit says whether denials are logged; API level 3.
func (f *ScmpFilter) SetLogBit(state bool) error {
	return f.setAttr(scmp.LogDenials, bitOf(state), "SetLogBit", 3, 4)
}

// GetSSB reports whether the speculative store bypass mitigation is left off.
func (f *ScmpFilter) GetSSB() (bool, error) { return f.bit(scmp.AllowSSB) }

// SetSSB says whether the speculative store bypass mitigation is left off; API
// level 4.
func (f *ScmpFilter) SetSSB(state bool) error {
	return f.setAttr(scmp.AllowSSB, bitOf(state), "SetSSB", 4, 5)
}

// GetOptimize returns the level that SetOptimize was given; 1 at first.
func (f *ScmpFilter) GetOptimize() (int, error) {
	level, err := f.attr(scmp.Optimize)
	return int(level), err
}

// SetOptimize takes the levels 1 and 2. Programs are as good as they can be
// with either.
func (f *ScmpFilter) SetOptimize(level int) error {
	return f.setAttr(scmp.Optimize, uint32(level), "SetOptimize", 4, 5)
}

// GetRawRC reports whether errors of the system are passed on.
func (f *ScmpFilter) GetRawRC() (bool, error) { return f.bit(scmp.RawErrors) }

// SetRawRC says whether errors of the system are passed on, rather than
// ECANCELED.
func (f *ScmpFilter) SetRawRC(state bool) error {
	return f.setAttr(scmp.RawErrors, bitOf(state), "SetRawRC", 4, 5)
}

// GetWaitKill reports whether only fatal signals interrupt a call that waits
// for an answer.
func (f *ScmpFilter) GetWaitKill() (bool, error) { return f.bit(scmp.WaitKill) }

// SetWaitKill says whether only fatal signals interrupt a call that waits for
// an answer, once it was received; API level 7.
func (f *ScmpFilter) SetWaitKill(state bool) error {
	return f.setAttr(scmp.WaitKill, bitOf(state), "SetWaitKill", 7, 6)
}
