package seccomp

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// ScmpCompareOp compares an argument with a value.
type ScmpCompareOp uint

// The comparisons.
const (
	CompareInvalid      ScmpCompareOp = iota // no comparison: the zero value
	CompareNotEqual                          // argument != value
	CompareLess                              // argument < value
	CompareLessOrEqual                       // argument <= value
	CompareEqual                             // argument == value
	CompareGreaterEqual                      // argument >= value
	CompareGreater                           // argument > value
	CompareMaskedEqual                       // argument & first value == second value
)

// compareOpStart and compareOpEnd bound the comparisons.
const (
	compareOpStart = CompareNotEqual
	compareOpEnd   = CompareMaskedEqual
)

var compareOps = [compareOpEnd + 1]struct {
	op   scmp.CompareOp
	text string
}{
	CompareInvalid:      {0, "Invalid comparison operator"},
	CompareNotEqual:     {scmp.NE, "Not equal"},
	CompareLess:         {scmp.LT, "Less than"},
	CompareLessOrEqual:  {scmp.LE, "Less than or equal to"},
	CompareEqual:        {scmp.EQ, "Equal"},
	CompareGreaterEqual: {scmp.GE, "Greater than or equal to"},
	CompareGreater:      {scmp.GT, "Greater than"},
	CompareMaskedEqual:  {scmp.MaskedEQ, "Masked equality"},
}

// String describes the comparison.
func (a ScmpCompareOp) String() string {
	if a > compareOpEnd {
		return fmt.Sprintf("Unrecognized comparison operator %#x", uint(a))
	}
	return compareOps[a].text
}

// sanitizeCompareOp is an error for a value that is no comparison.
func sanitizeCompareOp(in ScmpCompareOp) error {
	if in < compareOpStart || in > compareOpEnd {
		return fmt.Errorf("unrecognized comparison operator %#x", uint(in))
	}
	return nil
}

// ScmpCondition is a condition of a rule. All 64 bits of the argument count on
// 64-bit architectures, even of those that the kernel reads as an int; Lint
// tells where.
type ScmpCondition struct {
	Argument uint          `json:"argument,omitempty"`
	Op       ScmpCompareOp `json:"operator,omitempty"`
	Operand1 uint64        `json:"operand_one,omitempty"`
	Operand2 uint64        `json:"operand_two,omitempty"`
}

// MakeCondition makes a condition on an argument, 0 to 5, with one value, or two
// for CompareMaskedEqual: the mask, then what the rest must be.
func MakeCondition(arg uint, comparison ScmpCompareOp, values ...uint64) (ScmpCondition, error) {
	if err := sanitizeCompareOp(comparison); err != nil {
		return ScmpCondition{}, err
	}
	switch {
	case arg > 5:
		return ScmpCondition{}, fmt.Errorf("syscalls only have up to 6 arguments (%d given)", arg)
	case len(values) > 2:
		return ScmpCondition{}, fmt.Errorf("conditions can have at most 2 arguments (%d given)", len(values))
	case len(values) == 0:
		return ScmpCondition{}, errors.New("must provide at least one value to compare against")
	}
	c := ScmpCondition{Argument: arg, Op: comparison, Operand1: values[0]}
	if len(values) == 2 {
		c.Operand2 = values[1]
	}
	return c, nil
}

// comparison is the condition to libseccomp. What is no comparison it refuses.
func (c ScmpCondition) comparison() scmp.Comparison {
	var op scmp.CompareOp
	if c.Op <= compareOpEnd {
		op = compareOps[c.Op].op
	}
	return scmp.Comparison{Arg: c.Argument, Op: op, A: c.Operand1, B: c.Operand2}
}
