package verify

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Difference is the calls with one number that two filters answer
// differently, each of them always in the same way.
type Difference struct {
	Arch *abi.Arch    // nil: the architectures that no table knows
	Call *abi.Syscall // nil: the numbers of Arch that no table knows

	Left, Right bpf.Action // what the filters return, without data that nobody receives
	Whole       bool       // it is so whatever the arguments are
	Witness     *Witness   // the smallest of these calls
}

// Diff lists how two filters differ on the calls that a kernel can hand to
// them, by architecture, number and answer. It is empty if Equal says yes,
// and also where all that differs is register halves that an architecture
// does not have. The error may be an UnknownError.
func (p *Prover) Diff(left, right *Meaning) ([]Difference, error) {
	return list(p, func(s *space) ([]Difference, error) {
		d := differ{space: s, left: left, right: right}
		d.all()
		return d.found, d.err
	})
}

// differ collects differences.
type differ struct {
	*space
	left, right *Meaning
	found       []Difference
	err         error
}

// all goes through the architectures that are known, then the rest.
func (d *differ) all() {
	set := d.and(d.combine(opDiffer, d.function(d.left), d.function(d.right)), d.possible())
	for _, a := range abi.Arches() {
		owned := d.owned(a)
		if here := d.and(set, owned); here != no {
			d.arch(a, here)
		}
		set = d.minus(set, owned)
	}
	d.add(nil, nil, set, yes)
}

// arch goes through the numbers of an architecture, then the unknown ones.
func (d *differ) arch(a *abi.Arch, set node) {
	below := d.within1(set, wordArch, a.Audit)
	for _, nr := range numbersOf(a) {
		if d.stopped != "" {
			return
		}
		one := d.isWord(wordNr, nr)
		if d.within1(below, wordNr, nr) != no {
			call, _ := a.Number(nr)
			d.add(a, call, d.and(set, one), d.and(d.owned(a), one))
		}
		set = d.minus(set, one)
	}
	d.add(a, nil, set, d.minus(d.owned(a), d.known(a)))
}

// known is the set of calls with the known numbers of an architecture.
func (d *differ) known(a *abi.Arch) node {
	set := no
	for _, nr := range numbersOf(a) {
		set = d.or(set, d.isWord(wordNr, nr))
	}
	return set
}

// add notes what differs within a set, each pair of answers by itself. Whole
// is the set of all calls like these.
func (d *differ) add(a *abi.Arch, call *abi.Syscall, set, whole node) {
	if set == no || d.err != nil {
		return
	}
	f, g := d.function(d.left), d.function(d.right)
	for _, v := range d.valuesOn(set, f) {
		some := d.and(set, d.is(f, v))
		for _, w := range d.valuesOn(some, g) {
			calls := d.and(some, d.is(g, w))
			d.note(Difference{Arch: a, Call: call, Left: v, Right: w,
				Whole: calls == d.and(whole, d.possible())}, calls)
		}
	}
}

// valuesOn are the values that f has on a set.
func (d *differ) valuesOn(set, f node) []bpf.Action {
	none := d.leaf(nowhere)
	var values []bpf.Action
	for _, v := range d.leaves(d.choose(set, f, none)) {
		if v != nowhere {
			values = append(values, v)
		}
	}
	return values
}

// nowhere is no canonical value: it marks the calls outside a set.
const nowhere bpf.Action = 0xffffffff

// note adds a difference with its witness.
func (d *differ) note(found Difference, calls node) {
	if d.stopped != "" || d.err != nil {
		return
	}
	found.Witness, d.err = d.witness(calls, d.left, d.right, func(_ *bpf.Data, v, w bpf.Action) bool {
		return canonical(v) == found.Left && canonical(w) == found.Right
	})
	d.found = append(d.found, found)
}
