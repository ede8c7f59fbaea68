package docs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// TestLanguageSnippets reads every policy of the reference. It must stand as
// the format has it and be accepted without a warning, or be rejected with the
// errors that the next block lists, a line each.
func TestLanguageSnippets(t *testing.T) {
	all := fences(t, "language.md")
	accepted, rejected := 0, 0
	for i, f := range all {
		switch f.info {
		case "narrow":
			accepted++
			accept(t, f)
		case "narrow rejected":
			rejected++
			if i+1 == len(all) || all[i+1].word() != "text" {
				t.Errorf("language.md:%d: no error stands below it", f.line)
				continue
			}
			reject(t, f, all[i+1])
		}
	}
	if accepted < 8 || rejected < 3 {
		t.Errorf("found %d policies that are accepted and %d that are not, expected more", accepted, rejected)
	}
}

func accept(t *testing.T, f fence) {
	t.Helper()
	file, err := policy.Parse("snippet", []byte(f.body))
	if err != nil {
		t.Errorf("language.md:%d: %v", f.line, err)
		return
	}
	if diff := cmp.Diff(f.body, string(file.Format())); diff != "" {
		t.Errorf("language.md:%d: not formatted (-text +formatted):\n%s", f.line, diff)
	}
	p, err := policy.Resolve(file, policy.Options{})
	if err != nil {
		t.Errorf("language.md:%d: %v", f.line, err)
		return
	}
	for _, w := range p.Warnings {
		t.Errorf("language.md:%d: warning: %v", f.line, w)
	}
}

func reject(t *testing.T, f, want fence) {
	t.Helper()
	_, err := policy.Load("snippet", []byte(f.body), policy.Options{})
	if err == nil {
		t.Errorf("language.md:%d: was accepted", f.line)
		return
	}
	for line := range strings.Lines(want.body) {
		if line = strings.TrimSuffix(line, "\n"); !strings.Contains(err.Error(), line) {
			t.Errorf("language.md:%d: the text says\n%s\nand the error is\n%v", f.line, line, err)
		}
	}
}

// TestLanguageSnippetsPassCheck proves the test blocks of the reference's
// policies, and the order of their phases, with the command itself.
func TestLanguageSnippetsPassCheck(t *testing.T) {
	t.Parallel()
	need(t, "go")
	dir := t.TempDir()
	command := filepath.Join(dir, "narrow")
	if out, err := bounded(t, "go", "build", "-o", command, "../cmd/narrow"); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, f := range fences(t, "language.md") {
		if f.info != "narrow" {
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("line%d.narrow", f.line))
		write(t, file, f.body)
		if out, err := bounded(t, command, "check", file); err != nil {
			t.Errorf("language.md:%d: narrow check: %v\n%s", f.line, err, out)
		}
	}
}

// bounded runs a command, which may build something, within ten minutes and
// returns all that it printed.
func bounded(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	const patience = 10 * time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("it did not end within %v: %w", patience, err)
	}
	return string(out), err
}

// TestLanguageNamesAllThatThereIs looks for words that the reference forgot.
func TestLanguageNamesAllThatThereIs(t *testing.T) {
	src, err := os.ReadFile("language.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(src)
	for k := policy.KillProcess; k <= policy.Allow; k++ {
		mentions(t, text, k.String())
	}
	for op := policy.Equal; op <= policy.Only; op++ {
		mentions(t, text, op.String())
	}
	for _, a := range abi.Arches() {
		mentions(t, text, a.Name)
	}
}

func mentions(t *testing.T, text, word string) {
	t.Helper()
	if !strings.Contains(text, word) {
		t.Errorf("language.md does not mention %s", word)
	}
}
