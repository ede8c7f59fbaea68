package docs_test

import (
	"strings"
	"testing"
)

// TestProof runs every command of the text about proofs.
func TestProof(t *testing.T) {
	t.Parallel()
	x86Only(t)
	need(t, "bash", "go")
	steps := stepsOf(t, "proof.md")
	swap := strings.NewReplacer()
	dir := runSteps(t, steps, swap)
	for i := range steps {
		steps[i].compare(t, dir, i, swap)
	}
}
