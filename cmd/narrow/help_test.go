package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelp holds every verb to an example, which begins with the command's name.
func TestHelp(t *testing.T) {
	verbs := 0
	for _, c := range newRoot(&streams{}).Commands() {
		if c.Hidden && strings.HasPrefix(c.Name(), "__") {
			continue
		}
		verbs++
		if !strings.Contains(c.Example, "narrow "+c.Name()) {
			t.Errorf("%s: no example of it in its help", c.Name())
		}
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q; want a phrase without a full stop", c.Name(), c.Short)
		}
	}
	if verbs < 15 {
		t.Errorf("only %d verbs", verbs)
	}
}

// TestExamplesParse lets cobra read each example's flags, so that none names
// one that is gone.
func TestExamplesParse(t *testing.T) {
	for _, c := range newRoot(&streams{}).Commands() {
		for line := range strings.Lines(c.Example) {
			if !strings.Contains(line, "narrow "+c.Name()) {
				continue // of another verb
			}
			for word := range strings.FieldsSeq(line) {
				if word == "--" || word == "|" {
					break
				}
				checkFlag(t, c, word)
			}
		}
	}
}

func checkFlag(t *testing.T, c *cobra.Command, word string) {
	name, isFlag := strings.CutPrefix(word, "--")
	if !isFlag {
		return
	}
	name, _, _ = strings.Cut(name, "=")
	if c.Flags().Lookup(name) == nil {
		t.Errorf("%s: its example has --%s, which is no flag of it", c.Name(), name)
	}
}
