package policy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// callMatch is calls of one architecture: a conjunction, as a rule has it.
type callMatch struct {
	numbers []Range
	conds   []Cond
	text    string    // in the notation
	expr    *CallExpr // nil for the plain calls of a set

	// unseen is a call that lacks an argument here which it has on other
	// architectures, such as i386's mmap, where all are behind a pointer.
	unseen  bool
	shipped bool // it stands in a shipped set, whose makers know that
}

// callMatches are those of each architecture, in the policy's order.
type callMatches [][]callMatch

// call resolves a call, a set or `*` on every architecture. Where it stands in
// a shipped set, names that no architecture has are passed over.
func (r *resolver) call(e *CallExpr, shipped bool) callMatches {
	switch {
	case e.Name == "*":
		return r.each(e, shipped, func(a *abi.Arch) (*abi.Syscall, []Range) { return nil, r.all(a) })
	case strings.HasPrefix(e.Name, "@"):
		return r.setCalls(e)
	}
	if nr, ok := numberOf(e.Name); ok {
		return r.numbered(e, shipped, nr)
	}
	return r.named(e, shipped)
}

// all is the numbers of an architecture, computed once.
func (r *resolver) all(a *abi.Arch) []Range {
	i := slices.Index(r.arches, a)
	if r.owned[i] == nil {
		r.owned[i] = owned(a)
	}
	return r.owned[i]
}

// each resolves a call's conditions on each architecture where find has
// numbers for it.
func (r *resolver) each(e *CallExpr, shipped bool, find func(*abi.Arch) (*abi.Syscall, []Range)) callMatches {
	out := make(callMatches, len(r.arches))
	seen := 0 // architectures by what is known of the conditions there
	var first func()
	for i, a := range r.arches {
		call, numbers := find(a)
		if len(numbers) == 0 {
			continue
		}
		conds, t := r.conds(a, call, e)
		if t == open && len(conds) > 1 && !satisfiable(conds) {
			t = fails
		}
		seen |= 1 << t
		switch t {
		case open, holds:
			out[i] = []callMatch{{numbers: numbers, conds: conds, text: e.String(), expr: e}}
		case unseen:
			out[i] = []callMatch{{numbers: numbers, text: e.String(), expr: e, unseen: true, shipped: shipped}}
			first = func() { r.wrongArguments(a, call, e) }
		}
	}
	switch {
	case shipped: // what an architecture lacks is passed over
	case seen == 1<<fails:
		r.neverHolds(e)
	case seen == 1<<unseen:
		first()
	}
	return out
}

// named resolves a call by its name.
func (r *resolver) named(e *CallExpr, shipped bool) callMatches {
	found := false
	out := r.each(e, shipped, func(a *abi.Arch) (*abi.Syscall, []Range) {
		call, ok := a.Call(e.Name)
		if !ok {
			return nil, nil
		}
		found = true
		return call, single(uint64(call.Nr))
	})
	if !found && !shipped {
		r.unknownCall(e)
	}
	return out
}

// numbered resolves `syscall_1007`: the number as seccomp_data.nr has it. If
// it has a name, its arguments are known by theirs.
func (r *resolver) numbered(e *CallExpr, shipped bool, nr uint64) callMatches {
	found := false
	out := r.each(e, shipped, func(a *abi.Arch) (*abi.Syscall, []Range) {
		if nr > 1<<32-1 || !a.Owns(uint32(nr)) {
			return nil, nil
		}
		found = true
		call, _ := a.Number(uint32(nr))
		return call, single(nr)
	})
	if !found {
		r.fail(e.Pos, fmt.Sprintf("%s is a number that no architecture of the policy has", shorten(e.Name)),
			"expected one of 32 bits", "x32's numbers, with bit 30 set, belong to arch x32")
	}
	return out
}

// numberOf reads the number of a call without a name, `syscall_1007` or
// `syscall_0x3ef`.
func numberOf(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, "syscall_")
	if !ok || digits == "" || strings.Contains(digits, "_") || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	base := 10
	if rest, hex := strings.CutPrefix(digits, "0x"); hex {
		digits, base = rest, 16
	}
	nr, err := strconv.ParseUint(digits, base, 64)
	if err != nil && strings.Contains(err.Error(), "range") {
		return ^uint64(0), true
	}
	return nr, err == nil
}

// unknownCall tells a name that other architectures have from one that Linux
// never had.
func (r *resolver) unknownCall(e *CallExpr) {
	if !abi.KnownCall(e.Name) {
		r.fail(e.Pos, "unknown call "+quote(e.Name), "expected a system call, a @set or *", r.suggest(e.Name, r.callNames))
		return
	}
	var have []string
	for _, a := range abi.Arches() {
		if _, ok := a.Call(e.Name); ok {
			have = append(have, a.Name)
		}
	}
	r.fail(e.Pos, fmt.Sprintf("no architecture of the policy has %s", e.Name), "expected a call of "+r.archNames(),
		fmt.Sprintf("it is one of %s", strings.Join(have, ", ")))
}

// callNames are the calls of the policy's architectures, for suggestions.
func (r *resolver) callNames() []string {
	var names []string
	for _, a := range r.arches {
		for i := range a.Calls() {
			names = append(names, a.Calls()[i].Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *resolver) archNames() string {
	names := make([]string, len(r.arches))
	for i, a := range r.arches {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}
