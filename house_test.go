package narrow_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/narrow-sandbox/narrow/"

// ladder gives each package its rung: a package imports only from rungs below
// its own. The longest prefix that matches counts. See docs/architecture.md.
var ladder = map[string]int{
	"abi":               0,
	"bpf":               0,
	"internal/layered":  0,
	"internal/freeport": 0,
	"bpf/bpftest":       1,
	"bpf/asm":           1,
	"policy":            1,
	"policy/policytest": 2,
	"trace":             2,
	"internal/compile":  2,
	"internal/verify":   2,
	"internal/learn":    2,
	"internal/explain":  2,
	"internal/interop":  3,
	"profiles":          2,
	"internal/kernel":   3,
	"internal/proved":   4,
	"internal/ruleset":  4,
	"internal/inject":   5,
	"internal/victim":   6,
	"":                  6,
	"internal/tracer":   6,
	"internal/launch":   7,
	"compat/scmp":       5,
	"compat/libseccomp": 6,
	"narrowtest":        8,
	"seccomp":           8,

	"examples/memcached/store":    8,
	"examples/memcached/protocol": 9,
	"examples/memcached/server":   10,
	"examples":                    20,
	"cmd":                         20,
}

// apart are pairs that must stay strangers although the ladder would allow it.
var apart = [][2]string{
	{"internal/verify", "internal/compile"}, // a proof that shares code with what it proves proves nothing
	{"internal/compile", "internal/verify"},
}

// TestImportsOnlyGoDown holds every non-test import of ours against the ladder.
func TestImportsOnlyGoDown(t *testing.T) {
	seen := 0
	eachImport(t, func(file, from, to string) {
		seen++
		low, ok := rung(to)
		high, known := rung(from)
		switch {
		case !ok || !known:
			t.Errorf("%s: %s imports %s, and one of them has no rung in the ladder", file, from, to)
		case low >= high && !strings.HasPrefix(from, to+"/gen"):
			t.Errorf("%s: %s (rung %d) imports %s (rung %d); imports only go down", file, from, high, to, low)
		}
		for _, p := range apart {
			if from == p[0] && to == p[1] {
				t.Errorf("%s: %s must not import %s", file, from, to)
			}
		}
	})
	if seen < 10 {
		t.Fatalf("saw %d imports of our own; the walk is broken", seen)
	}
}

// eachImport calls visit for each import of one of our packages in a non-test
// file, with package paths relative to the module.
func eachImport(t *testing.T, visit func(file, from, to string)) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); path != "." && (strings.HasPrefix(n, ".") || n == "testdata" || n == "gen" || n == "bench") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			to, _ := strconv.Unquote(spec.Path.Value)
			if to == strings.TrimSuffix(module, "/") {
				visit(path, dirOf(path), "")
			} else if rest, ours := strings.CutPrefix(to, module); ours {
				visit(path, dirOf(path), rest)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func dirOf(path string) string {
	if d := filepath.ToSlash(filepath.Dir(path)); d != "." {
		return d
	}
	return ""
}

// rung finds the ladder's entry for a package or for the nearest folder above it.
func rung(pkg string) (int, bool) {
	for p := pkg; ; p = p[:strings.LastIndex(p, "/")] {
		if r, ok := ladder[p]; ok {
			return r, true
		}
		if !strings.Contains(p, "/") {
			return 0, false
		}
	}
}
