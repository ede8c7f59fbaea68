package asm

import (
	"slices"
	"strings"
	"testing"
)

// TestFixedAreSorted: they are searched by name.
func TestFixedAreSorted(t *testing.T) {
	if !slices.IsSortedFunc(fixed[:], func(a, b named) int { return strings.Compare(a.name, b.name) }) {
		t.Error("the constants are not in the order of their names")
	}
}
