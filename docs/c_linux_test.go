package docs_test

import (
	"strings"
	"testing"
)

// TestC runs every command of the text on C programs.
func TestC(t *testing.T) {
	t.Parallel()
	need(t, "bash", "go", "gcc")
	steps := stepsWith(t, "c.md", map[string]string{"narrow": "greeter.narrow", "c": "greeter.c"})
	if len(steps) < 5 {
		t.Fatalf("found %d steps, expected the whole text", len(steps))
	}
	swap := strings.NewReplacer()
	dir := runSteps(t, steps, swap)
	for i := range steps {
		steps[i].compare(t, dir, i, swap)
	}
}
