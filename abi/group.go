package abi

// group is how constants spell a value: fields that hold one of several names,
// and flags that are or'ed. What is left is a number.
type group struct {
	octal  bool // numbers are file modes
	fields []field
	flags  []uint16 // indices into constants
}

// field is a part of a value that holds one of several names.
type field struct {
	mask     uint64
	maskName uint16   // in place of mask: an index into constants, from 1
	names    []uint16 // indices into constants
}

// bits returns the field's mask on an architecture.
func (f *field) bits(a *Arch) uint64 {
	if f.maskName == 0 {
		return f.mask
	}
	v, _ := constants[f.maskName-1].on(a)
	return uint64(v)
}

// find returns the name of a value among names, on an architecture and in as
// many bits as valid has.
func find(a *Arch, names []uint16, value, valid uint64) (string, bool) {
	for _, i := range names {
		if v, ok := constants[i].on(a); ok && uint64(v)&valid == value {
			return constants[i].name, true
		}
	}
	return "", false
}

// spell splits value into names and what no name covers.
func (g *group) spell(a *Arch, value, valid uint64) (names []string, rest uint64) {
	rest = value
	for i := range g.fields {
		f := &g.fields[i]
		mask := f.bits(a) & valid
		if name, ok := find(a, f.names, value&mask, valid); ok {
			names = append(names, name)
			rest &^= mask
		}
	}
	for _, i := range g.flags {
		if v, ok := constants[i].on(a); ok && v != 0 && rest&uint64(v) == uint64(v) {
			names = append(names, constants[i].name)
			rest &^= uint64(v)
		}
	}
	if value == 0 && len(names) == 0 {
		if name, ok := find(a, g.flags, 0, valid); ok {
			names = append(names, name)
		}
	}
	return names, rest
}
