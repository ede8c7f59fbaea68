package scmp

import (
	"slices"
	"syscall"
)

// filter is the rules for one architecture, by call number.
type filter struct {
	arch  *arch
	calls []*decided // ascending by number
}

// decided is what the rules say of one call.
type decided struct {
	nr       int32
	valid    bool // false: only a priority was set
	priority uint8
	chains   *node
	action   Action // where there are no chains
}

func (d *decided) clone() *decided {
	c := *d
	c.chains = d.chains.clone(map[*node]*node{})
	return &c
}

// at finds the entry of a number, and where it belongs if there is none.
func (f *filter) at(nr int32) (int, *decided) {
	i, ok := slices.BinarySearchFunc(f.calls, nr, func(d *decided, nr int32) int { return compareNumbers(d.nr, nr) })
	if !ok {
		return i, nil
	}
	return i, f.calls[i]
}

// compareNumbers orders numbers as libseccomp does: unsigned, so that pseudo
// numbers come last.
func compareNumbers(a, b int32) int {
	switch {
	case uint32(a) < uint32(b):
		return -1
	case uint32(a) > uint32(b):
		return 1
	}
	return 0
}

// add adds a rule whose number is of the native architecture. It leaves the
// filter as it was if it fails, by giving back what it replaced; undo may be nil.
func (f *filter) add(r rule) (undo func(), err error) {
	nr, ok := f.arch.translate(r.nr)
	if !ok {
		return nil, syscall.EFAULT
	}
	r.nr = nr
	before := slices.Clone(f.calls)
	undo = func() { f.calls = before }
	if f.arch.socketcall == 0 || nr == numberError {
		if nr < numberError && r.strict {
			return undo, syscall.EDOM
		}
		return undo, f.addDirect(r)
	}
	return undo, f.addABI(r)
}

// addABI adds a rule where calls may go through socketcall or ipc.
func (f *filter) addABI(r rule) error {
	c := f.arch.multiplexedCall(r.nr)
	if c == nil {
		c = f.arch.call(r.nr)
	}
	if c == nil || !multiplexes(c) {
		if r.nr >= 0 {
			return f.addDirect(r)
		}
		if r.strict {
			return syscall.EDOM
		}
		return nil
	}
	return f.addMultiplexed(c, r)
}

func multiplexes(c *call) bool {
	_, ok := c.multiplexed()
	return ok
}

// addMultiplexed adds the rule for both forms of the call. Arguments cannot be
// compared behind the multiplexer, so that there the rule holds whatever they
// are, unless the rule is strict.
func (f *filter) addMultiplexed(c *call, r rule) error {
	if r.strict && r.compares() {
		return syscall.EINVAL
	}
	kind, _ := c.multiplexed()
	through := r
	through.nr = f.arch.socketcall
	if kind == 200 {
		through.nr = f.arch.ipc
	}
	through.args[0] = comparison{used: true, op: EQ, mask: ^uint64(0), datum: uint64(-c.pseudo % kind)}
	if err := f.addDirect(through); err != nil {
		return err
	}
	if r.nr = f.arch.number(c); r.nr < 0 {
		return nil
	}
	return f.addDirect(r)
}

// addDirect adds a rule for a number as it is. Entries are replaced, not
// changed, so that undoing is putting back the old list.
func (f *filter) addDirect(r rule) error {
	chains := f.arch.chain(&r)
	i, d := f.at(r.nr)
	switch {
	case d == nil:
		f.calls = slices.Insert(slices.Clone(f.calls), i, &decided{nr: r.nr, valid: true, chains: chains, action: r.action})
		return nil
	case !d.valid:
		f.replace(i, &decided{nr: r.nr, valid: true, priority: d.priority, chains: chains, action: r.action})
		return nil
	case d.chains == nil:
		return nil // what is there covers every argument
	case chains == nil:
		f.replace(i, &decided{nr: r.nr, valid: true, priority: d.priority, action: r.action})
		return nil
	}
	d = d.clone()
	if err := d.unite(chains, r.action); err != nil {
		return err
	}
	f.replace(i, d)
	return nil
}

func (f *filter) replace(i int, d *decided) {
	f.calls = slices.Clone(f.calls)
	f.calls[i] = d
}

// unite adds a tree to those that are there.
func (d *decided) unite(chains *node, action Action) (err error) {
	p := &pruner{root: d.chains, action: action}
	var m match
	p.prune(d.chains, chains, &m)
	d.chains = p.root
	switch {
	case d.chains == nil:
		d.chains, d.action = chains, action
		return nil
	case p.removed == 0 && m.redundant():
		return nil // a shorter tree decides already
	}
	d.chains, err = merge(d.chains, chains)
	return err
}

// prioritize raises the priority of a call whose number is of the native
// architecture.
func (f *filter) prioritize(nr int32, priority uint8) error {
	nr, ok := f.arch.translate(nr)
	if !ok {
		return syscall.EFAULT
	}
	if nr < numberError {
		if nr > -100 {
			return syscall.EINVAL
		}
		if nr, ok = f.arch.rewrite(nr); !ok {
			return nil // not defined here
		}
	}
	i, d := f.at(nr)
	if d == nil {
		f.calls = slices.Insert(slices.Clone(f.calls), i, &decided{nr: nr, priority: priority})
	} else if priority > d.priority {
		c := *d
		c.priority = priority
		f.replace(i, &c)
	}
	return nil
}

// rewrite turns a pseudo number into that of the multiplexer.
func (a *arch) rewrite(nr int32) (int32, bool) {
	switch {
	case a.socketcall == 0:
	case nr <= -100 && nr >= -120:
		return a.socketcall, true
	case nr <= -200 && nr >= -224:
		return a.ipc, true
	}
	return 0, false
}
