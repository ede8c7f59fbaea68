package docs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
)

// tutorialPorts are the ports that the tutorial names; the test takes free
// ones in their place.
var tutorialPorts = [...]string{"11311", "11312"}

// step is a block of commands, how it must end, and what it must print.
type step struct {
	fence
	exit   int
	output *fence // nil if whatever it prints is right
}

// TestTutorial runs every command of the tutorial, in one shell, as a reader
// would, and compares what is printed with what the text says.
func TestTutorial(t *testing.T) {
	t.Parallel()
	need(t, "bash", "memcached", "strace", "go")
	steps := stepsOf(t, "tutorial.md")
	if len(steps) < 10 {
		t.Fatalf("found %d steps, expected the whole tutorial", len(steps))
	}
	swap := strings.NewReplacer(swappedPorts(t)...)
	dir := runSteps(t, steps, swap)
	for i := range steps {
		steps[i].compare(t, dir, i, swap)
	}
}

// stepsOf pairs each block of commands of a text with the output behind it.
func stepsOf(t *testing.T, file string) []step {
	t.Helper()
	var steps []step
	for _, f := range fences(t, file) {
		switch {
		case f.word() == "sh":
			steps = append(steps, step{fence: f, exit: exitOf(t, f)})
		case f.word() == "output" && len(steps) > 0 && steps[len(steps)-1].output == nil:
			steps[len(steps)-1].output = &f
		default:
			t.Fatalf("%s:%d: output that belongs to no command", file, f.line)
		}
	}
	return steps
}

// exitOf reads `exit=N` behind the block's language.
func exitOf(t *testing.T, f fence) int {
	t.Helper()
	_, rest, ok := strings.Cut(f.info, " exit=")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(rest)
	if err != nil {
		t.Fatalf("%s:%d: %v", f.file, f.line, err)
	}
	return n
}

// swappedPorts pairs the tutorial's ports with free ones.
func swappedPorts(t *testing.T) []string {
	t.Helper()
	var pairs []string
	for _, port := range tutorialPorts {
		pairs = append(pairs, port, strconv.Itoa(freeport.For(t)))
	}
	return pairs
}

// runSteps runs the steps in one shell. Of step i, file i.out has what it
// printed, and i.exit the status of each command that did not end with 0.
func runSteps(t *testing.T, steps []step, swap *strings.Replacer) (dir string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "narrow-tutorial") // not TempDir: memcached's user must reach it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := "set -E\n"
	for i := range steps {
		name := filepath.Join(dir, strconv.Itoa(i))
		write(t, name+".sh", fmt.Sprintf("trap 'echo $? >>%s.exit' ERR\n%strap - ERR\n", name, swap.Replace(steps[i].body)))
		script += fmt.Sprintf(". %[1]s.sh >%[1]s.out 2>&1\n", name)
	}
	write(t, filepath.Join(dir, "all.sh"), script+"touch "+filepath.Join(dir, "done")+"\n")
	runShell(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "done")); err != nil {
		t.Error("the shell did not come to the end of the text")
	}
	return dir
}

// runShell runs all.sh from the top of the module, within bounds, and ends
// whatever it leaves behind.
func runShell(t *testing.T, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", filepath.Join(dir, "all.sh"))
	c.Dir = ".."
	c.Env = append(os.Environ(), "TMPDIR="+dir, "NO_COLOR=1", "LC_ALL=C")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	out, err := c.CombinedOutput()
	if c.Process != nil {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // its own group: what a failed step left running
	}
	if err != nil {
		t.Errorf("bash: %v\n%s", err, out)
	}
}

// compare looks at how a step ended and at what it printed.
func (s *step) compare(t *testing.T, dir string, i int, swap *strings.Replacer) {
	t.Helper()
	name := filepath.Join(dir, strconv.Itoa(i))
	out, err := os.ReadFile(name + ".out")
	if err != nil {
		t.Errorf("%s:%d: was not run", s.file, s.line)
		return
	}
	want := ""
	if s.exit != 0 {
		want = strconv.Itoa(s.exit) + "\n"
	}
	if exits, _ := os.ReadFile(name + ".exit"); string(exits) != want {
		t.Errorf("%s:%d: commands ended with %q, want %q; printed\n%s", s.file, s.line, exits, want, out)
	}
	if s.output != nil && !pattern(swap.Replace(s.output.body)).Match(out) {
		t.Errorf("%s:%d: the text says\n%s\nand it printed\n%s", s.file, s.output.line, swap.Replace(s.output.body), out)
	}
}

// pattern matches a text in which a line `...` stands for any lines, none too,
// and `...` within a line for anything on that line.
func pattern(text string) *regexp.Regexp {
	expr := "^"
	for line := range strings.Lines(text) {
		if line == "...\n" {
			expr += `(?:.*\n)*?`
			continue
		}
		expr += strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, ".*")
	}
	return regexp.MustCompile(expr + "$")
}

func TestPattern(t *testing.T) {
	for _, test := range []struct {
		text, out string
		want      bool
	}{
		{"a\n", "a\n", true},
		{"a\n", "a\nb\n", false},
		{"a.b\n", "axb\n", false},
		{"...\nb\n...\n", "b\n", true},
		{"...\nb\n...\n", "a\nb\nc\nd\n", true},
		{"...\nb\n", "a\nb\nc\n", false},
		{"a ... c\n", "a b c\n", true},
		{"a ... c\n", "a b\nc\n", false},
	} {
		if got := pattern(test.text).MatchString(test.out); got != test.want {
			t.Errorf("pattern(%q) on %q: got %v, want %v", test.text, test.out, got, test.want)
		}
	}
}
