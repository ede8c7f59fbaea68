package policy

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// members is the names in a set, those of the sets within it too.
func members(t *testing.T, name string) []string {
	t.Helper()
	d, ok := shippedSet(name)
	if !ok {
		t.Fatalf("no set %s", name)
	}
	var out []string
	for _, e := range d.Calls {
		if strings.HasPrefix(e.Name, "@") {
			out = append(out, members(t, e.Name)...)
		} else {
			out = append(out, e.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestSetsHoldSystemds asks the systemd of this machine for its groups: ours
// must hold every call of theirs that Linux has.
func TestSetsHoldSystemds(t *testing.T) {
	needs(t, "systemd-analyze")
	out, err := exec.Command("systemd-analyze", "syscall-filter").Output()
	if err != nil {
		t.Fatal(err)
	}
	groups := 0
	var ours []string
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		word := strings.TrimSpace(s.Text())
		switch {
		case strings.HasPrefix(s.Text(), "@"):
			groups++
			ours = members(t, word)
		case strings.HasPrefix(word, "#") || word == "" || strings.HasPrefix(word, "@"):
		case abi.KnownCall(word) && !slices.Contains(ours, word):
			t.Errorf("a group lacks %s", word)
		}
	}
	if groups < 25 {
		t.Errorf("systemd has only %d groups", groups)
	}
}

// TestSetsAreGenerated runs the generator and compares what it writes.
func TestSetsAreGenerated(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sets"), 0o755); err != nil {
		t.Fatal(err)
	}
	needs(t, "go")
	if out, err := exec.Command("go", "run", "./gen", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "sets", "*"))
	if err != nil || len(files) < 25 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		want, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("sets", filepath.Base(f)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate", filepath.Base(f))
		}
	}
}

// TestKnownHoldsAll compares @known with the tables, and sees that systemd's
// groups and ours name every call but those of no use to anybody.
func TestKnownHoldsAll(t *testing.T) {
	known := members(t, "@known")
	grouped := map[string]bool{}
	for _, s := range ShippedSets() {
		if s.Name != "@known" {
			for _, name := range members(t, s.Name) {
				grouped[name] = true
			}
		}
	}
	newest := 0
	for _, a := range abi.Arches() {
		for _, c := range a.Calls() {
			if !slices.Contains(known, c.Name) {
				t.Errorf("@known lacks %s", c.Name)
			}
			if (abi.Version{Major: 5, Minor: 10}).Before(c.Since) {
				newest++
				if !grouped[c.Name] {
					t.Errorf("%s, new in Linux %s, is in no set", c.Name, c.Since)
				}
			}
		}
	}
	if newest < 100 {
		t.Errorf("only %d calls are newer than 5.10", newest)
	}
}
