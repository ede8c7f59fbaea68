package abi

import "sort"

// Calls returns every call of the architecture, sorted by name. The slice is
// shared and must not be changed.
func (a *Arch) Calls() []Syscall { return a.calls[:len(a.calls):len(a.calls)] }

// Call returns the call of that name. On arm, sync_file_range2 is a second name
// of arm_sync_file_range (arch/arm/include/uapi/asm/unistd.h).
func (a *Arch) Call(name string) (*Syscall, bool) {
	if a == &archARM && name == "sync_file_range2" {
		name = "arm_sync_file_range"
	}
	calls := a.calls
	i := sort.Search(len(calls), func(i int) bool { return calls[i].Name >= name })
	if i < len(calls) && calls[i].Name == name {
		return &calls[i], true
	}
	return nil, false
}

// Number returns the call with that number, which on x32 has bit 30 set.
func (a *Arch) Number(nr uint32) (*Syscall, bool) {
	i := sort.Search(len(a.byNumber), func(i int) bool { return a.ordered(i).Nr >= nr })
	if i < len(a.byNumber) && a.ordered(i).Nr == nr {
		return a.ordered(i), true
	}
	return nil, false
}

// ordered returns the i-th call by number.
func (a *Arch) ordered(i int) *Syscall { return &a.calls[a.byNumber[i]] }

// Arg returns the argument of that name.
func (c *Syscall) Arg(name string) (*Arg, bool) {
	for i := range c.Args {
		if c.Args[i].Name == name {
			return &c.Args[i], true
		}
	}
	return nil, false
}

// KnownCall reports whether some architecture has a call of that name.
func KnownCall(name string) bool {
	i := sort.SearchStrings(callNames[:], name)
	return i < len(callNames) && callNames[i] == name
}
