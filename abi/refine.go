package abi

// argCase is how an argument is read if the argument Args[of] has a value.
type argCase struct {
	of     uint8
	value  uint16 // an index into constants
	group  uint8
	bits   uint8
	signed bool
}

// Decider returns the argument whose value decides how arg is read: prctl's
// option for its arg2, setsockopt's level for its optname. It is false for most
// arguments, which are always read alike.
func (c *Syscall) Decider(arg *Arg) (*Arg, bool) {
	if arg.cases == 0 {
		return nil, false
	}
	return &c.Args[caseLists[arg.cases-1][0].of], true
}

// Refine returns arg as the kernel reads it when its decider has a value. Its
// width may be less than arg's, as prctl's arg2 is an int to PR_SET_MM and a
// long to others; arg itself has the width that holds where no value is known.
func (a *Arch) Refine(c *Syscall, arg *Arg, decider uint64) Arg {
	refined := *arg
	if arg.cases == 0 {
		return refined
	}
	for _, w := range caseLists[arg.cases-1] {
		if v, ok := constants[w.value].on(a); ok && (uint64(v)^decider)&c.Args[w.of].valid() == 0 {
			refined.group, refined.Bits, refined.Signed = w.group, w.bits, w.signed
			break
		}
	}
	return refined
}
