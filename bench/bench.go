package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// bench is what all sections share.
type bench struct {
	ctx     context.Context
	options *options
	dir     string // of this run, removed at its end
	command string // cmd/narrow, once a section has asked for it
	where   string // machine, when the run began
}

func newBench(ctx context.Context, o *options) (*bench, error) {
	dir, err := os.MkdirTemp("", "narrow-bench-")
	if err != nil {
		return nil, err
	}
	// memcached changes its user and must still reach the folder.
	return &bench{ctx: ctx, options: o, dir: dir, where: machine()}, os.Chmod(dir, 0o755)
}

func (b *bench) close() { os.RemoveAll(b.dir) }

// rounds is n for the default of -rounds, and proportionally many otherwise.
func (b *bench) rounds(n int) int { return max(1, n*b.options.rounds/10) }

// narrow is the command that is measured: a copy of its own, so that whatever
// runs it was started here.
func (b *bench) narrow() (string, error) {
	if b.command != "" {
		return b.command, nil
	}
	path := filepath.Join(b.dir, "narrow")
	var err error
	if b.options.narrow != "" {
		err = copyProgram(b.options.narrow, path)
	} else {
		build := exec.CommandContext(b.ctx, "go", "build", "-o", path, "./cmd/narrow")
		build.Dir = ".."
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		return "", fmt.Errorf("building cmd/narrow: %w", err)
	}
	b.command = path
	return path, nil
}

func copyProgram(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o755)
}

// machine says on what was measured.
func machine() string {
	return fmt.Sprintf("%s, %d processors%s, %s, %s/%s, narrow at %s",
		processor(), runtime.NumCPU(), busy(), kernelRelease(), runtime.GOOS, runtime.GOARCH, revision())
}

// busy is how much others make of the machine, as the load average tells.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (load average %s)", strings.Fields(string(text))[0])
}

// processor is the processor's name; it is "unknown processor" off Linux.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

func kernelRelease() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown kernel"
	}
	return "Linux " + strings.TrimSpace(string(text))
}

// revision is the commit that is measured.
func revision() string {
	out, err := exec.Command("git", "-C", "..", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown revision"
	}
	return strings.TrimSpace(string(out))
}
