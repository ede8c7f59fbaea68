package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReadme runs what the README's first screens promise: the demo prints the
// table, and the first policy does what its commands' comments say.
func TestReadme(t *testing.T) {
	t.Parallel()
	need(t, "go", "cat")
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	narrow := filepath.Join(dir, "narrow")
	if out, err := bounded(t, "go", "build", "-o", narrow, "../cmd/narrow"); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Run("demo", func(t *testing.T) {
		out, err := bounded(t, narrow, "demo")
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		table := indented(string(readme), "    a break-in tries to")
		if !strings.Contains(out, table) {
			t.Errorf("the README has\n%s\nand it prints\n%s", table, out)
		}
	})
	t.Run("policy", func(t *testing.T) {
		write(t, filepath.Join(dir, "hello.narrow"), indented(string(readme), "    # hello.narrow:"))
		for _, line := range strings.Split(indented(string(readme), "    narrow check hello.narrow"), "\n") {
			runReadme(t, dir, narrow, line)
		}
	})
}

// indented is the block of indented lines that begins with start, without its
// indent.
func indented(text, start string) string {
	at := strings.Index(text, "\n"+start)
	if at < 0 {
		return "nothing begins with " + start
	}
	var block []string
	for _, line := range strings.Split(text[at+1:], "\n") {
		rest, ok := strings.CutPrefix(line, "    ")
		if !ok && line != "" {
			break
		}
		block = append(block, rest)
	}
	return strings.TrimRight(strings.Join(block, "\n"), "\n") + "\n"
}

// runReadme runs one command of the README with bash. Those whose answer is no
// are the ones that ask for what is denied.
func runReadme(t *testing.T, dir, narrow, line string) {
	if line == "" {
		return
	}
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", line)
	c.Dir = dir
	c.Env = append(os.Environ(), "PATH="+filepath.Dir(narrow)+":"+os.Getenv("PATH"), "LC_ALL=C")
	out, err := c.CombinedOutput()
	denied := strings.Contains(line, "socket(") || strings.Contains(line, "/etc/passwd")
	if denied != (err != nil) {
		t.Errorf("%s: %v\n%s", line, err, out)
	}
	if strings.Contains(line, "# Permission denied") && !strings.Contains(string(out), "Permission denied") {
		t.Errorf("%s prints\n%s", line, out)
	}
}
