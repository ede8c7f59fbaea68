package docs_test

import (
	"os"
	"strings"
	"testing"
)

// TestEnter runs every command of the text about live processes.
func TestEnter(t *testing.T) {
	t.Parallel()
	need(t, "bash", "memcached", "go")
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil && strings.TrimSpace(string(scope)) != "0" && os.Getuid() != 0 {
		t.Skip("Yama lets only root trace a process that is no child")
	}
	steps := stepsOf(t, "enter.md")
	swap := strings.NewReplacer(swappedPorts(t)...)
	dir := runSteps(t, steps, swap)
	for i := range steps {
		steps[i].compare(t, dir, i, swap)
	}
}
