package main

import (
	"runtime/debug"
	"testing"
)

// TestCollect shows what is left of the runtime's settings: the user's are
// obeyed, and a collection that was ended stays so.
func TestCollect(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	for _, c := range []struct {
		name          string
		gogc          string
		do            func()
		before, after int
	}{
		{"late", "", collectLate, 100, 400},
		{"late, as the user says", "50", collectLate, 50, 50},
		{"never", "", collectNever, 100, -1},
		{"never, as the user says", "50", collectNever, 50, 50},
		{"the first collection", "", func() { collectAsUsual(100) }, 400, 100},
		{"the first collection, when all was ended", "", func() { collectAsUsual(100) }, -1, -1},
	} {
		t.Setenv("GOGC", c.gogc)
		debug.SetGCPercent(c.before)
		c.do()
		if got := debug.SetGCPercent(c.before); got != c.after {
			t.Errorf("%s: %d percent, want %d", c.name, got, c.after)
		}
	}
}
