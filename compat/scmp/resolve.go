package scmp

import (
	"math"
	"slices"
	"sort"
	"strings"
)

// call is a line of the table: the numbers of one call.
type call struct {
	name    string
	pseudo  int32 // stands for the call where an architecture lacks it
	numbers [columnSH + 1]int32
}

// none is an absent number.
const none = math.MinInt32

// numberError is what libseccomp calls a call that it does not know
// (__NR_SCMP_ERROR); also the number with which a tracer skips a call.
const numberError = -1

// lookUp finds a call by its name.
func lookUp(name string) *call {
	i, ok := slices.BinarySearchFunc(calls[:], name, func(c call, name string) int { return strings.Compare(c.name, name) })
	if !ok {
		return nil
	}
	return &calls[i]
}

// number is the call's number on the architecture, counted from its base, or
// the pseudo number.
func (a *arch) number(c *call) int32 {
	n := c.numbers[a.column]
	if n != none {
		return n + a.base | a.bit
	}
	return c.pseudo
}

// call finds the call with the number or pseudo number.
func (a *arch) call(nr int32) *call {
	if nr < 0 {
		c := search(byPseudo, nr, func(c *call) int32 { return c.pseudo })
		if c == nil || c.numbers[a.column] != none {
			return nil
		}
		return c
	}
	if nr &^= a.bit; nr >= a.base {
		nr -= a.base
	}
	return search(byNumber[a.column], nr, func(c *call) int32 { return c.numbers[a.column] })
}

// search finds a call by a number; of two with the same, the first by name.
func search(index []uint16, nr int32, number func(*call) int32) *call {
	i := sort.Search(len(index), func(i int) bool { return number(&calls[index[i]]) >= nr })
	if i == len(index) || number(&calls[index[i]]) != nr {
		return nil
	}
	return &calls[index[i]]
}

// multiplexed reports whether the call goes through socketcall or ipc where
// there are these, and which of them, as the bound of its pseudo numbers: 100
// or 200.
func (c *call) multiplexed() (kind int32, ok bool) {
	switch {
	case c.pseudo <= -100 && c.pseudo >= -120:
		return 100, true
	case c.pseudo <= -200 && c.pseudo >= -224:
		return 200, true
	}
	return 0, false
}

// resolve is the number that libseccomp gives a name: on architectures with
// socketcall and ipc, a call of these has its pseudo number.
func (a *arch) resolve(name string) int32 {
	c := lookUp(name)
	if c == nil {
		return numberError
	}
	n := a.number(c)
	if _, ok := c.multiplexed(); ok && a.socketcall != 0 {
		n = c.pseudo
	}
	if n == none {
		return numberError
	}
	return n
}

// nameOf is the name of a number, or "".
func (a *arch) nameOf(nr int32) string {
	if c := a.multiplexedCall(nr); c != nil {
		return c.name
	}
	if c := a.call(nr); c != nil {
		return c.name
	}
	return ""
}

// multiplexedCall finds a call of socketcall or ipc by its pseudo number, where
// there are these.
func (a *arch) multiplexedCall(nr int32) *call {
	if a.socketcall == 0 || nr > -100 || nr < -224 {
		return nil
	}
	return search(byPseudo, nr, func(c *call) int32 { return c.pseudo })
}

// ResolveName is the number of a call on an architecture; where it does not
// exist there but elsewhere, or is one of a multiplexer's, a negative pseudo
// number. ok is false if there is no such call or architecture.
// Like seccomp_syscall_resolve_name_arch(3).
func ResolveName(t Token, name string) (nr int32, ok bool) {
	a := find(t)
	if a == nil {
		return numberError, false
	}
	nr = a.resolve(name)
	return nr, nr != numberError
}

// ResolveNumber is the name of a call by its number, or pseudo number, on an
// architecture. ok is false if there is no such call or architecture.
// Like seccomp_syscall_resolve_num_arch(3).
func ResolveNumber(t Token, nr int32) (name string, ok bool) {
	a := find(t)
	if a == nil {
		return "", false
	}
	name = a.nameOf(nr)
	return name, name != ""
}

// translate turns a number of the native architecture into a's.
func (a *arch) translate(nr int32) (int32, bool) {
	native := find(Native)
	if nr == numberError || a == native {
		return nr, true
	}
	if native == nil {
		return 0, false
	}
	name := native.nameOf(nr)
	if name == "" {
		return 0, false
	}
	nr = a.resolve(name)
	return nr, nr != numberError
}
