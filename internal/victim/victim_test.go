//go:build linux

package victim_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/victim"
)

// Free, everything works: otherwise a denial under a policy would prove nothing.
func TestFreeVictimDoesEverything(t *testing.T) {
	home := t.TempDir()
	if err := victim.Prepare(home); err != nil {
		t.Fatal(err)
	}
	results := victim.Powers(home, "9")
	for _, r := range results {
		if !r.Worked {
			t.Errorf("%s (%s): %s", r.Name, r.Call, r.Detail)
		}
	}
	if len(results) < 14 {
		t.Errorf("only %d attempts", len(results))
	}
	text, err := os.ReadFile(home + "/.bashrc")
	if err != nil || !strings.Contains(string(text), "victim was here") {
		t.Errorf("~/.bashrc was not written: %q, %v", text, err)
	}
	if _, err := os.Stat(home + "/implant"); err == nil {
		t.Error("the implant was left behind")
	}
}

// A refusal carries the errno's name, which the demo prints.
func TestRefusalNamesTheErrno(t *testing.T) {
	results := victim.Attempts(t.TempDir(), "9") // neither .bashrc nor a key
	text, err := json.Marshal(results)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(text), `"worked":false,"detail":"ENOENT"`); got != 2 {
		t.Errorf("want two ENOENT, got %d: %s", got, text)
	}
}
