// Package docs_test runs what the texts in this folder say: every command of
// the tutorial, and every snippet of policy.
package docs_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// fence is a fenced block of a text.
type fence struct {
	file string
	line int    // of its first line of content
	info string // what stands behind the opening ```
	body string // with the last line end
}

// word is the first word of the info string: the language of the block.
func (f *fence) word() string {
	word, _, _ := strings.Cut(f.info, " ")
	return word
}

// fences are the fenced blocks of a text, in order.
func fences(t *testing.T, file string) []fence {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []fence
	var open *fence
	for i, line := range strings.SplitAfter(string(text), "\n") {
		info, marks := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "```")
		switch {
		case marks && open == nil:
			open = &fence{file: file, line: i + 2, info: info}
		case marks:
			list = append(list, *open)
			open = nil
		case open != nil:
			open.body += line
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: a block that is never closed", file, open.line)
	}
	return list
}

func TestEveryFenceHasAKnownLanguage(t *testing.T) {
	known := map[string][]string{
		"tutorial.md": {"sh", "output"},
		"enter.md":    {"sh", "output"},
		"proof.md":    {"sh", "output"},
		"run.md":      {"sh", "output"},
		"language.md": {"narrow", "text"},
		"c.md":        {"sh", "output", "narrow", "c"},
		"bytecode.md": {"sh", "output", "narrow", "asm", "c", "go"},
		"library.md":  {"go", "narrow"},
	}
	for file, words := range known {
		for _, f := range fences(t, file) {
			if !strings.Contains(" "+strings.Join(words, " ")+" ", " "+f.word()+" ") {
				t.Errorf("%s:%d: a block of %q, which nothing runs; expected one of %v", file, f.line, f.info, words)
			}
		}
	}
}

// need skips the test where a program is missing; in CI that is a failure.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing, which CI must have", p)
		}
		t.Skipf("%s is missing", p)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
