package scmp

import (
	"slices"
	"syscall"
)

// filter is the rules for one architecture, by call number.
type filter struct {
	arch    *arch
	calls   []*decided // ascending by number; entries are replaced, never changed
	journal []change   // what the rule that is being added has replaced
}

// change is an entry as it was; nil if there was none.
type change struct {
	nr     int32
	before *decided
}

// put sets the entry of a number.
func (f *filter) put(d *decided) {
	i, before := f.at(d.nr)
	f.journal = append(f.journal, change{d.nr, before})
	if before != nil {
		f.calls[i] = d
		return
	}
	f.calls = slices.Insert(f.calls, i, d)
}

// rollBack undoes what was put since the journal began.
func (f *filter) rollBack() {
	for _, c := range slices.Backward(f.journal) {
		if i, _ := f.at(c.nr); c.before != nil {
			f.calls[i] = c.before
		} else {
			f.calls = slices.Delete(f.calls, i, i+1)
		}
	}
	f.journal = f.journal[:0]
}

// copy is the filter as it is now.
func (f *filter) copy() *filter {
	return &filter{arch: f.arch, calls: slices.Clone(f.calls)}
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

// add adds a rule whose number is of the native architecture, and begins a
// journal.
func (f *filter) add(r rule) error {
	f.journal = f.journal[:0]
	nr, ok := f.arch.translate(r.nr)
	if !ok {
		return syscall.EFAULT
	}
	r.nr = nr
	if f.arch.socketcall == 0 || nr == numberError {
		if nr < numberError && r.strict {
			return syscall.EDOM
		}
		return f.addDirect(r)
	}
	return f.addABI(r)
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

// addDirect adds a rule for a number as it is.
func (f *filter) addDirect(r rule) error {
	d := &decided{nr: r.nr, valid: true, chains: f.arch.chain(&r), action: r.action}
	_, old := f.at(r.nr)
	if old != nil {
		d.priority = old.priority
	}
	switch {
	case old == nil || !old.valid:
	case old.chains == nil:
		return nil // what is there covers every argument
	case d.chains != nil:
		chains := d.chains
		d = old.clone()
		if err := d.unite(chains, r.action); err != nil {
			return err
		}
	}
	f.put(d)
	return nil
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
	d := decided{nr: nr}
	if _, old := f.at(nr); old != nil {
		d = *old
	}
	d.priority = max(d.priority, priority)
	f.put(&d)
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
