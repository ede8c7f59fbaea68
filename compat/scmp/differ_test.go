package scmp_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/compat/scmp"
	"github.com/narrow-sandbox/narrow/internal/verify"
)

// The C library is the reference: testdata/context.c carries out a script of
// calls and prints what each returned, then the program. Both programs must be
// the same function, which the verifier decides.

// script is a list of calls on a context, as the C program reads it:
//
//	init ACTION            arch TOKEN        noarch TOKEN      badarch ACTION
//	rule ACTION NR N {ARG OP A B}...         exact ACTION NR N {ARG OP A B}...
//	skip 1                 optimize LEVEL    priority NR P
type script struct{ lines []string }

func (s *script) add(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *script) String() string { return strings.Join(s.lines, "\n") + "\n" }

// runC carries the script out in C: the results, and the program or pseudo code.
func runC(t *testing.T, form string, s *script) (results string, out []byte) {
	t.Helper()
	// The C library goes round in circles on some rules that contradict each other.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, reference(t), form)
	cmd.Stdin = strings.NewReader(s.String())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		t.Logf("the C library does not come back from\n%s", s)
		return "", nil
	}
	if err != nil {
		t.Fatalf("reference: %v\n%s\n%s", err, stderr.String(), s)
	}
	return stderr.String(), out
}

// reference builds the C program once.
func reference(t *testing.T) string {
	t.Helper()
	path, err := buildReference()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

var buildReference = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "scmp-reference-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "context")
	// CFLAGS and LDFLAGS of the environment may name another libseccomp.
	args := append(strings.Fields(os.Getenv("CFLAGS")), "-O1", "-o", path, "testdata/context.c")
	args = append(append(args, strings.Fields(os.Getenv("LDFLAGS"))...), "-lseccomp")
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build a program with libseccomp (gcc, libseccomp-dev): %v\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := buildReference(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// carryOut does in Go what the script says.
func carryOut(t *testing.T, s *script) (results string, c *scmp.Context) {
	t.Helper()
	var b strings.Builder
	k := new(scmp.Kernel)
	for _, line := range s.lines {
		r := strings.NewReader(line)
		var verb string
		fmt.Fscan(r, &verb)
		var err error
		switch verb {
		case "init":
			c, err = scmp.New(k, scmp.Action(scan[uint32](r)))
		case "arch":
			err = c.AddArch(scmp.Token(scan[uint32](r)))
		case "noarch":
			err = c.RemoveArch(scmp.Token(scan[uint32](r)))
		case "badarch":
			err = c.SetAttr(scmp.BadArchAction, scan[uint32](r))
		case "skip":
			err = c.SetAttr(scmp.SkipCalls, scan[uint32](r))
		case "optimize":
			err = c.SetAttr(scmp.Optimize, scan[uint32](r))
		case "priority":
			nr := scan[int32](r)
			err = c.SetPriority(nr, uint8(scan[uint32](r)))
		case "rule", "exact":
			action, nr := scmp.Action(scan[uint32](r)), scan[int32](r)
			all := make([]scmp.Comparison, scan[int](r))
			for i := range all {
				all[i] = scmp.Comparison{Arg: scan[uint](r), Op: scmp.CompareOp(scan[int](r)), A: scan[uint64](r), B: scan[uint64](r)}
			}
			if verb == "rule" {
				err = c.AddRule(action, nr, all...)
			} else {
				err = c.AddRuleExact(action, nr, all...)
			}
		default:
			t.Fatalf("what is %q?", line)
		}
		fmt.Fprintln(&b, code(err))
	}
	return b.String(), c
}

func scan[T any](r *strings.Reader) (v T) {
	if _, err := fmt.Fscan(r, &v); err != nil {
		panic(err)
	}
	return v
}

// TestSameAsC adds random rules, many of which overlap or contradict each other.
func TestSameAsC(t *testing.T) {
	rounds := 300
	if testing.Short() {
		rounds = 60
	}
	if os.Getenv("NARROW_LONG") != "" {
		rounds = 5000
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range rounds {
		s := randomScript(r)
		compare(t, s)
		if t.Failed() {
			return
		}
	}
}

// compare carries the script out twice and proves that the programs agree.
func compare(t *testing.T, s *script) {
	t.Helper()
	want, raw := runC(t, "bpf", s)
	got, c := carryOut(t, s)
	if raw == nil { // what is ours must come back
		if _, err := c.Program(); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Fatalf("results: got\n%swant\n%sof\n%s", got, want, s)
	}
	pseudo := comparePFC(t, s, c)
	theirs, err := bpf.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := c.Program()
	if err != nil {
		t.Fatalf("%v\n%s", err, s)
	}
	d := differ(t, ours, theirs)
	if d == nil {
		return
	}
	got1, _, _ := ours.Run(d)
	want1, _, _ := theirs.Run(d)
	if said := parsePFC(t, pseudo).evaluate(d); said == got1 {
		t.Logf("the C library's program contradicts its own pseudo code: arch %#x nr %d args %#x: %v, not %v", d.Arch, int32(d.Nr), d.Args, want1, got1)
		return
	}
	t.Fatalf("arch %#x nr %d args %#x: got %v, want %v of\n%s\n%s", d.Arch, int32(d.Nr), d.Args, got1, want1, s, pseudo)
}

// comparePFC holds the pseudo code against the C library's, letter by letter.
func comparePFC(t *testing.T, s *script, c *scmp.Context) string {
	t.Helper()
	_, want := runC(t, "pfc", s)
	var got strings.Builder
	if err := c.ExportPFC(&got); err != nil {
		t.Fatal(err)
	}
	priority := regexp.MustCompile(`\[priority: \d+\]`) // counts nodes, some of which the C library forgets about
	a, b := priority.ReplaceAllString(string(want), ""), priority.ReplaceAllString(got.String(), "")
	if a != b {
		t.Fatalf("pseudo code (- want, + got):\n%s\nof\n%s", cmp.Diff(a, b), s)
	}
	return got.String()
}

// differ finds a call on which two programs differ, nil if they are proved equal.
func differ(t *testing.T, ours, theirs bpf.Program) *bpf.Data {
	t.Helper()
	p := verify.New(verify.Limits{})
	a, err := p.Program(ours)
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Program(theirs)
	if err != nil {
		t.Fatal(err)
	}
	result, err := p.Equal(a, b)
	if err != nil {
		t.Fatal(err)
	}
	switch result.Answer {
	case verify.Yes:
		return nil
	case verify.No:
		return &result.Witness.Call
	}
	t.Fatalf("unknown: %s", result.Reason)
	return nil
}
