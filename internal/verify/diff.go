package verify

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Difference is calls with one number that two filters answer differently,
// each filter all of them alike.
type Difference struct {
	Arch  *abi.Arch    // nil: the architectures that no table knows
	Call  *abi.Syscall // nil: the numbers of Arch that no table knows
	Every bool         // instead of Call: every number of Arch, whatever the arguments are

	Left, Right bpf.Action // what the filters return, without data that nobody receives
	Whole       bool       // it is so whatever the arguments are
	Calls       Count      // how many these are, of all with this number
	Part        *Part      // where one argument tells them from the others with this number
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
	others := yes
	for _, a := range abi.Arches() {
		owned := d.owned(a)
		others = d.minus(others, owned)
		if here := d.and(set, owned); here != no {
			d.arch(a, here, d.and(owned, d.possible()))
		}
		set = d.minus(set, owned)
	}
	d.add(Difference{}, set, others)
}

// arch goes through the numbers of an architecture, then the unknown ones,
// unless all differ in the same way. Its calls are owned, those of set differ.
func (d *differ) arch(a *abi.Arch, set, owned node) {
	if set == owned && len(d.valuesOn(owned, d.function(d.left))) == 1 && len(d.valuesOn(owned, d.function(d.right))) == 1 {
		d.add(Difference{Arch: a, Every: true}, set, owned)
		return
	}
	below := d.within1(set, wordArch, a.Audit)
	numbers := d.numbersOf(a)
	for _, nr := range numbers {
		if d.within1(below, wordNr, nr) == no || d.stopped != "" {
			continue
		}
		call, _ := a.Number(nr)
		one := d.isWord(wordNr, nr)
		d.add(Difference{Arch: a, Call: call}, d.and(set, one), d.and(owned, one))
	}
	known := d.anyWord(wordNr, numbers)
	d.add(Difference{Arch: a}, d.minus(set, known), d.minus(owned, known))
}

// add notes what differs within a set, each pair of answers by itself, as
// found. All is the set of the calls with these numbers.
func (d *differ) add(found Difference, set, all node) {
	if set == no || d.err != nil {
		return
	}
	f, g := d.function(d.left), d.function(d.right)
	numbered := func(f node) node { // what is left of it once the number is known, which is quicker to look through
		if found.Call == nil {
			return f
		}
		return d.within1(d.within1(f, wordArch, found.Arch.Audit), wordNr, found.Call.Nr)
	}
	for _, v := range d.valuesOn(numbered(set), numbered(f)) {
		some := d.and(set, d.is(f, v))
		for _, w := range d.valuesOn(numbered(some), numbered(g)) {
			calls := d.and(some, d.is(g, w))
			found.Left, found.Right, found.Whole = v, w, calls == all
			found.Calls = Count{Calls: d.count(calls), Of: d.count(all)}
			if found.Part = nil; found.Call != nil && !found.Whole {
				found.Part = d.part(found.Arch, found.Call, calls)
			}
			d.note(found, calls)
		}
	}
}

// valuesOn are the values that f has on a set.
func (d *differ) valuesOn(set, f node) []bpf.Action {
	return d.values(d.choose(set, f, d.leaf(nowhere)))
}

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
