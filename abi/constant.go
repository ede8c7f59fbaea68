package abi

import "sort"

// constant is a named value: row 0 means that every architecture has value,
// otherwise rows[row-1] has each one's.
type constant struct {
	name  string
	value int64
	row   uint16
}

// row is the values of a constant by architecture, in the order of arches.
type row struct {
	values [15]int64
	absent uint16 // bit i: arches[i] lacks it
}

// on returns the constant's value on an architecture, false where it has none.
func (c *constant) on(a *Arch) (int64, bool) {
	if c.row == 0 {
		return c.value, true
	}
	r := &rows[c.row-1]
	return r.values[a.index], r.absent>>a.index&1 == 0
}

// findConstant returns the constant of that name on any architecture.
func findConstant(name string) (*constant, bool) {
	i := sort.Search(len(constants), func(i int) bool { return constants[i].name >= name })
	if i < len(constants) && constants[i].name == name {
		return &constants[i], true
	}
	return nil, false
}

// Constant returns the value of a named constant (AF_INET, O_RDONLY, EPERM,
// SIGTERM, PR_SET_NAME, ...) as the kernel on this architecture defines it.
func (a *Arch) Constant(name string) (int64, bool) {
	if c, ok := findConstant(name); ok {
		return c.on(a)
	}
	return 0, false
}

// KnownConstant reports whether some architecture has a constant of that name.
func KnownConstant(name string) bool {
	_, ok := findConstant(name)
	return ok
}

// ConstantNames returns the names of all constants that the architecture has,
// sorted.
func (a *Arch) ConstantNames() []string {
	names := make([]string, 0, len(constants))
	for i := range constants {
		if _, ok := constants[i].on(a); ok {
			names = append(names, constants[i].name)
		}
	}
	return names
}
