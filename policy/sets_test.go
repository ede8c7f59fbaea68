package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// TestShippedSets resolves every shipped set on every architecture. Each must
// be in the canonical format, tell what it is for, name only calls that Linux
// has, and hold something on the machines that most programs run on.
func TestShippedSets(t *testing.T) {
	sets := ShippedSets()
	if len(sets) < 60 {
		t.Fatalf("only %d sets", len(sets))
	}
	if !slices.IsSortedFunc(sets, func(a, b SetInfo) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted by name")
	}
	for _, s := range sets {
		f, err := Parse(s.Name, []byte(s.Text))
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		if got := string(f.Format()); got != s.Text {
			t.Errorf("%s is not formatted; want\n%s", s.Name, got)
		}
		if summary, _, _ := strings.Cut(s.Doc, "\n"); !strings.HasSuffix(summary, ".") {
			t.Errorf("%s: summary %q", s.Name, summary)
		}
		checkShipped(t, s)
	}
}

func checkShipped(t *testing.T, s SetInfo) {
	d, ok := shippedSet(s.Name)
	if !ok || d.Name.Text != s.Name {
		t.Errorf("%s: no set of this name in its file", s.Name)
		return
	}
	for _, e := range d.Calls {
		if !strings.HasPrefix(e.Name, "@") && !abi.KnownCall(e.Name) {
			t.Errorf("%s: no architecture has %s", s.Name, e.Name)
		}
	}
	e, err := ParseCall(s.Name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ResolvePattern(abi.Arches(), e)
	if err != nil {
		t.Errorf("%s: %v", s.Name, err)
		return
	}
	if s.Name != "@cpu-emulation" && s.Name != "@raw-io" && len(p.Arches) != len(abi.Arches()) {
		t.Errorf("%s holds nothing on some architecture: %d of %d", s.Name, len(p.Arches), len(abi.Arches()))
	}
}
