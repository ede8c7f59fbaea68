package scmp

import "syscall"

// CompareOp compares an argument with a value (seccomp.h: enum scmp_compare).
type CompareOp int

// The comparisons.
const (
	NE       CompareOp = iota + 1 // argument != A
	LT                            // argument < A
	LE                            // argument <= A
	EQ                            // argument == A
	GE                            // argument >= A
	GT                            // argument > A
	MaskedEQ                      // argument & A == B
)

// Comparison is one condition of a rule. Values are unsigned and have 64 bits
// on architectures with 64-bit words, whatever the kernel reads of the
// argument; see Context.Lint.
type Comparison struct {
	Arg  uint // 0 to 5
	Op   CompareOp
	A, B uint64
}

// args is how many arguments a call has.
const args = 6

// rule is a rule as it is added.
type rule struct {
	action Action
	nr     int32
	strict bool
	args   [args]comparison
}

// comparison is one argument's.
type comparison struct {
	used        bool
	op          CompareOp
	mask, datum uint64
}

// newRule checks and sorts the comparisons.
func newRule(action Action, nr int32, strict bool, all []Comparison) (rule, error) {
	r := rule{action: action, nr: nr, strict: strict}
	for _, c := range all {
		if c.Arg >= args || r.args[c.Arg].used || c.Op < NE || c.Op > MaskedEQ {
			return rule{}, syscall.EINVAL
		}
		r.args[c.Arg] = comparison{used: true, op: c.Op, mask: ^uint64(0), datum: c.A}
		if c.Op == MaskedEQ {
			r.args[c.Arg].mask, r.args[c.Arg].datum = c.A, c.B
		}
	}
	return r, nil
}

// compares reports whether the rule looks at any argument.
func (r *rule) compares() bool {
	for i := range r.args {
		if r.args[i].used {
			return true
		}
	}
	return false
}
