package scmp

import (
	"fmt"
	"math"
)

// Lint names rules that mean something else than they seem to: comparisons of
// all 64 bits of an argument of which the kernel reads 32, whose upper half is
// whatever the caller left in the register. A rule that allows is then a denial
// of calls that are meant to be allowed, and a rule that denies can be walked
// round. The behaviour is libseccomp's, and is kept; MaskedEQ with a mask of
// 0xffffffff is what was meant.
func (c *Context) Lint() []string {
	var found []string
	for _, f := range c.filters {
		if !f.arch.wide() {
			continue
		}
		for _, d := range f.calls {
			if d.valid && d.nr >= 0 {
				found = append(found, f.lint(d)...)
			}
		}
	}
	return found
}

// lint looks at the comparisons of one call.
func (f *filter) lint(d *decided) []string {
	seen := map[*node]bool{}
	d.chains.count(seen)
	var high [args]bool
	for n := range seen {
		high[n.arg] = high[n.arg] || n.high && n.mask != 0
	}
	name := f.arch.nameOf(d.nr)
	syscall, ok := f.arch.abi.Call(name)
	if !ok {
		return nil
	}
	var found []string
	for _, a := range syscall.Args {
		if a.Reg >= 0 && int(a.Reg) < args && high[a.Reg] && a.Bits <= 32 {
			found = append(found, fmt.Sprintf("%s: %s: argument %d (%s) is compared as 64 bits, and the kernel reads %d of them: "+
				"compare with MaskedEQ and a mask of %#x", f.arch.name, name, a.Reg, a.Name, a.Bits, uint64(math.MaxUint64)>>(64-a.Bits)))
		}
	}
	return found
}
