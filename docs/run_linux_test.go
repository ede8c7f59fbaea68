//go:build amd64

package docs_test

import (
	"os"
	"strings"
	"testing"
)

// TestRun runs every command of the text about run.
func TestRun(t *testing.T) {
	t.Parallel()
	need(t, "bash", "gcc", "go")
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && strings.TrimSpace(string(scope)) > "1" && os.Getuid() != 0 {
		t.Skip("Yama lets only root trace")
	}
	steps := stepsOf(t, "run.md")
	swap := strings.NewReplacer()
	dir := runSteps(t, steps, swap)
	for i := range steps {
		steps[i].compare(t, dir, i, swap)
	}
}
