package policy_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/policy"
)

// threadPhases makes phases of the thread names.
func threadPhases(phases ...string) *policy.Policy {
	p := &policy.Policy{}
	for i, names := range phases {
		ph := &policy.PhaseRules{Name: fmt.Sprint("p", i)}
		for name := range strings.FieldsSeq(names) {
			ph.Classes = append(ph.Classes, &policy.Class{Name: name})
		}
		p.Phases = append(p.Phases, ph)
	}
	return p
}

// pathsOf writes each path as its classes, "-" for none.
func pathsOf(p *policy.Policy) []string {
	var all []string
	for _, path := range p.ThreadPaths() {
		var classes []string
		for _, c := range path.Classes {
			if c == nil {
				classes = append(classes, "-")
			} else {
				classes = append(classes, c.Name)
			}
		}
		all = append(all, strings.Join(classes, " "))
	}
	slices.Sort(all)
	return all
}

func TestThreadPaths(t *testing.T) {
	for _, c := range []struct{ phases, want string }{
		{"", "-"},
		{"|", "- -"},
		{"|main mc-worker", "- -;- main;- mc-worker"},
		{"main mc-worker|main mc-worker", "- -;main main;mc-worker mc-worker"},
		{"mc-*|mc-worker mc-log", "- -;mc-* -;mc-* mc-log;mc-* mc-worker"},
		{"mc-worker mc-log|mc-*", "- -;- mc-*;mc-log mc-*;mc-worker mc-*"},
		{"a*|*b", "- -;- *b;a* -;a* *b"},
		{"w[0-3]|w?|w2", "- - -;- w? -;w[0-3] w? -;w[0-3] w? w2"},
		{"*|x", "* -;* x"},
		{"* x", "*"}, // nobody is x
		{"w* w1", "-;w*"},
		{"[^a]|a", "- -;- a;[^a] -"},
		{"main|", "- -;main -"},
		{"m*|main", "- -;m* -;m* main"},
		{`a\*b|a?b`, `- -;- a?b;a\*b a?b`},
		{"é?|?x", "- -;- ?x;é? -;é? ?x"},
		{"a/b|a*", "- -;- a*;a/b a*"},
		{"aaaaaaaaaaaaaaa|aaaaaaaaaaaaaa?", "- -;- aaaaaaaaaaaaaa?;aaaaaaaaaaaaaaa aaaaaaaaaaaaaa?"},
		{"\xff|\xff x", "- -;- x;\xff \xff"},
		{"aaaaaaaaaaaaaaa*|*b", "- -;- *b;aaaaaaaaaaaaaaa* -"}, // no name is long enough for both
	} {
		want := strings.Split(c.want, ";")
		slices.Sort(want)
		if got := pathsOf(threadPhases(strings.Split(c.phases, "|")...)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", c.phases, got, want)
		}
	}
}

// Every name that can be drawn goes a path that is listed.
func TestThreadPathsAreAll(t *testing.T) {
	globs := rapid.SampledFrom(strings.Fields("a b ab *a a* *b* a?b [ab] [^ab]* [a-c]? ?? main m* * aab a*b*a"))
	rapid.Check(t, func(t *rapid.T) {
		var phases []string
		for range rapid.IntRange(1, 3).Draw(t, "phases") {
			phases = append(phases, strings.Join(rapid.SliceOfNDistinct(globs, 0, 4, rapid.ID).Draw(t, "classes"), " "))
		}
		p := threadPhases(phases...)
		name := rapid.OneOf(rapid.StringMatching("[abcd]{0,6}"), rapid.SampledFrom([]string{"main", "mx"})).Draw(t, "name")
		var want []*policy.Class
		for _, ph := range p.Phases {
			want = append(want, ph.Class(name))
		}
		if !slices.ContainsFunc(p.ThreadPaths(), func(path policy.ThreadPath) bool { return slices.Equal(path.Classes, want) }) {
			t.Fatalf("%q in %q goes a path that is not among %q", name, phases, pathsOf(p))
		}
	})
}

// A path's name leads to its classes, as path.Match sees it.
func TestThreadPathsAreTrue(t *testing.T) {
	p := threadPhases("w[0-3] a* main", "*b ?x", "[^a]* a")
	for _, way := range p.ThreadPaths() {
		if len(way.Name) > 15 {
			t.Errorf("%q is too long for a thread", way.Name)
		}
		for i, ph := range p.Phases {
			first := slices.IndexFunc(ph.Classes, func(c *policy.Class) bool { ok, _ := path.Match(c.Name, way.Name); return ok })
			if got := slices.Index(ph.Classes, way.Classes[i]); got != first {
				t.Errorf("%q in phase %d is in class %d, want %d", way.Name, i, got, first)
			}
		}
	}
}

// Globs that would take for ever to tell apart are cut short, and all that
// stands in the policy is still there.
func TestThreadPathsEnd(t *testing.T) {
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("*%c*%c*%c*", 'a'+i%7, 'a'+i%5, 'a'+i%11))
	}
	p := threadPhases(strings.Join(names, " "), strings.Repeat("*a", 40), "main")
	paths := p.ThreadPaths()
	for _, want := range []string{"main", names[0]} {
		if !slices.ContainsFunc(paths, func(path policy.ThreadPath) bool {
			return slices.ContainsFunc(path.Classes, func(c *policy.Class) bool { return c != nil && c.Name == want })
		}) {
			t.Errorf("no path has %s", want)
		}
	}
}

func TestClassOf(t *testing.T) {
	ph := threadPhases("m* main cache*").Phases[0]
	for _, c := range []struct {
		first bool
		name  string
		want  string
	}{
		{true, "memcached", "main"}, {true, "x", "main"}, {false, "memcached", "m*"}, {false, "main", "m*"}, {false, "cache1", "cache*"}, {false, "x", ""},
	} {
		got := ""
		if class := ph.ClassOf(c.first, c.name); class != nil {
			got = class.Name
		}
		if got != c.want {
			t.Errorf("first %t, name %s: got %q, want %q", c.first, c.name, got, c.want)
		}
	}
	if c := threadPhases("cache* x").Phases[0].ClassOf(true, "cached"); c == nil || c.Name != "cache*" {
		t.Errorf("a first thread without a main block: got %v", c)
	}
}
