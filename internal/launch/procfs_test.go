//go:build linux

package launch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/policy"
)

// comm is the name of a process in /proc.
func comm(pid int) string {
	text, _ := os.ReadFile(fmt.Sprint("/proc/", pid, "/comm"))
	return strings.TrimSpace(string(text))
}

type processInfo struct{ pid, ppid, pgrp int }

func processes(t *testing.T) []processInfo {
	t.Helper()
	var all []processInfo
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		pid, _, _ := strings.Cut(string(text), " ")
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		number := func(s string) int { n, _ := strconv.Atoi(s); return n }
		all = append(all, processInfo{number(pid), number(fields[1]), number(fields[2])})
	}
	return all
}

// await waits for something that happens soon.
func await(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !happened(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen within %v", what, patience)
		}
		time.Sleep(time.Millisecond)
	}
}

func ranges(pairs ...uint64) []policy.Range {
	var all []policy.Range
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, policy.Range{Low: pairs[i], High: pairs[i+1]})
	}
	return all
}

// buildProbe builds a small Go program that everybody may execute.
func buildProbe(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	probe := filepath.Join(filepath.Dir(self), filepath.Base(t.Name())+".probe")
	c := exec.Command("go", "build", "-o", probe, file)
	c.Dir = dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return probe
}
