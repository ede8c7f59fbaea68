package proved

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// load resolves a policy's text.
func load(t testing.TB, text string) *policy.Policy {
	t.Helper()
	if !strings.Contains(text, "default") {
		text = "default kill-process\n" + text
	}
	p, err := policy.Load("p.narrow", []byte("language 1\npolicy p\narch x86_64, i386\n"+text), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// remembered is the names in a folder.
func remembered(t testing.TB, path string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(path, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestFilterIsRemembered(t *testing.T) {
	path := ownedFolder(t)
	rules := load(t, "allow read write(fd in {1, 2})").Phases[0].Own
	first, err := within(folder{path}).Filter(rules)
	if err != nil {
		t.Fatal(err)
	}
	if files := remembered(t, path); len(files) != 1 {
		t.Fatalf("remembered %v", files)
	}
	again := within(folder{path})
	second, err := again.Filter(rules)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Fatalf("%v, %v", second, err)
	}
	if again.prover != nil {
		t.Error("it was proved again")
	}
	afresh := Afresh()
	if _, err := afresh.Filter(rules); err != nil || afresh.prover == nil {
		t.Errorf("Afresh did not prove: %v", err)
	}
}

// TestDamagedEntries shows that whatever an entry holds but its own name tells
// nothing, and is mended.
func TestDamagedEntries(t *testing.T) {
	path := ownedFolder(t)
	rules := load(t, "allow read").Phases[0].Own
	other := load(t, "allow read write").Phases[0].Own
	for _, r := range []*policy.Rules{rules, other} {
		if _, err := within(folder{path}).Filter(r); err != nil {
			t.Fatal(err)
		}
	}
	files := remembered(t, path)
	if len(files) != 2 {
		t.Fatal(files)
	}
	good := make([]string, len(files))
	for i, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		good[i] = string(text)
	}
	for _, bad := range []string{"", good[0][:20], good[0] + "\n", strings.ToUpper(good[0]), "yes", good[1] + good[0]} {
		for _, f := range files {
			if err := os.WriteFile(f, []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		p := within(folder{path})
		if _, err := p.Filter(rules); err != nil {
			t.Fatal(err)
		}
		if p.prover == nil {
			t.Errorf("%q was believed", bad)
		}
	}
	p := within(folder{path})
	if _, err := p.Filter(rules); err != nil || p.prover != nil {
		t.Errorf("the entry was not mended: %v", err)
	}
}

// TestNoFolder shows that a folder that cannot be had is no error.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(followed(t.TempDir()), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	rules := load(t, "allow read").Phases[0].Own
	for _, path := range []string{"", file, file + "/beneath", "/proc/narrow", "relative"} {
		p := within(folder{path})
		if _, err := p.Filter(rules); err != nil || p.prover == nil {
			t.Errorf("%q: %v", path, err)
		}
	}
}

func TestOrder(t *testing.T) {
	path := ownedFolder(t)
	p := load(t, `phase a { allow read write }
		phase b { allow read }
		phase c { allow read openat }`)
	a, b, c := p.Phases[0].Own, p.Phases[1].Own, p.Phases[2].Own
	for range 2 {
		proofs := within(folder{path})
		if err := proofs.Order(b, a); err != nil {
			t.Error(err)
		}
		var e *Error
		if err := proofs.Order(c, a, b); !errors.As(err, &e) || e.Result.Answer != verify.No || !strings.Contains(err.Error(), "openat(") {
			t.Errorf("%v", err)
		}
		if err := proofs.Order(a, b); err == nil {
			t.Error("the other way round is believed")
		}
	}
	if files := remembered(t, path); len(files) != 1 {
		t.Errorf("only a yes is remembered: %v", files)
	}
}

// TestKeysDiffer changes each part of rules that decides, and expects another
// question.
// TestStaircase shows that all phases are one question, which is remembered if
// each of them narrows.
func TestStaircase(t *testing.T) {
	path := ownedFolder(t)
	narrows := load(t, "phase a { allow read write openat } phase b { allow read openat thread main { allow read } } phase c { allow read }")
	widens := load(t, "phase a { allow read } phase b { thread main { allow write } }")
	for round := range 2 {
		proofs := within(folder{path})
		if err := proofs.Staircase(narrows.Staircase()); err != nil || (proofs.prover == nil) != (round > 0) {
			t.Errorf("round %d: %v, asked the prover: %v", round, err, proofs.prover != nil)
		}
		if err := proofs.Staircase(widens.Staircase()); err == nil || !strings.Contains(err.Error(), "write(") {
			t.Errorf("it widens: %v", err)
		}
	}
	if n := len(remembered(t, path)); n != 1 {
		t.Errorf("%d questions are remembered, want 1", n)
	}
}

// TestFilters compares filters that are made at the same time with those made
// one by one, and looks for the error of the one that cannot be.
func TestFilters(t *testing.T) {
	var rules []*policy.Rules
	for _, s := range shipped(t) {
		rules = append(rules, s.rules)
	}
	bad := len(rules) / 2
	rules[bad] = &policy.Rules{Arches: []*policy.ArchRules{{Arch: rules[0].Arches[0].Arch, Lists: []policy.List{{}}}}}
	programs, errs := Afresh().Filters(rules)
	for i, r := range rules {
		want, err := Afresh().Filter(r)
		if !slices.Equal(programs[i], want) || fmt.Sprint(errs[i]) != fmt.Sprint(err) || (err != nil) != (i == bad) {
			t.Errorf("filter %d: %d instructions and %v, alone %d and %v", i, len(programs[i]), errs[i], len(want), err)
		}
	}
	if programs, errs := Afresh().Filters(nil); len(programs)+len(errs) != 0 {
		t.Errorf("of none: %v, %v", programs, errs)
	}
}

func TestKeysDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{
		"allow read", "allow write", "log read", "errno EPERM read", "errno EACCES read", "default errno EPERM allow read",
		"allow read(fd == 1)", "allow read(fd == 2)", "allow read(fd != 1)", "allow read(fd & 1 == 1)", "allow read(arg0 == 1)", "allow read(arg1 == 1)",
		"allow read(fd == 1) allow write", "allow write allow read(fd == 1)", "phase x { allow read thread main { allow write } }",
	} {
		digest := Afresh().digest(load(t, text).Phases[0].Wide())
		if other, ok := seen[digest]; ok {
			t.Errorf("%q and %q are one question", text, other)
		}
		seen[digest] = text
	}
}

// TestKeyHasEveryField fails where rules get a field that the key may have to
// tell: write it in key.go, or add it here if it never decides.
func TestKeyHasEveryField(t *testing.T) {
	for _, c := range []struct {
		of   any
		want string
	}{
		{policy.Rules{}, "Arches Else ElseAt"},
		{policy.ArchRules{}, "Arch Lists"},
		{policy.RuleMatch{}, "Verdict Numbers Conds Pos Begin Text Origin"},
		{policy.Cond{}, "Operand Mask Ranges Name"},
		{policy.Operand{}, "Reg High Bits"},
		{policy.Range{}, "Low High"},
		{policy.Verdict{}, "Kind Data"},
		{bpf.Instruction{}, "Code Jt Jf K"},
	} {
		var fields []string
		for f := range reflect.TypeOf(c.of).Fields() {
			fields = append(fields, f.Name)
		}
		if got := strings.Join(fields, " "); got != c.want {
			t.Errorf("%T has the fields %s, the key knows %s", c.of, got, c.want)
		}
	}
}

// TestFilterWith compares the sewn filter with the rules that it stands for,
// by proof, and with what the whole compiled would be.
func TestFilterWith(t *testing.T) {
	for name, text := range map[string]string{
		"killed":             "allow read",
		"an errno":           "allow read errno EACCES execve",
		"by arguments":       "allow read errno EACCES execve(arg3 == 7) kill-thread execve(arg4 > 9)",
		"other calls' marks": "allow read trace 0 write trace 1 openat trace 3 close",
		"two lists":          "phase x { allow read thread main { allow write errno EPERM execve } thread w { log write } }",
		"one that may":       "phase x { allow read thread main { allow execve } }",
	} {
		t.Run(name, func(t *testing.T) {
			rules := load(t, text).Phases[0].Wide()
			for range 5 {
				call := execve(t, rand.Uint64(), uint64(rand.Uint32()), rand.Uint64())
				proofs := Afresh()
				program, err := proofs.FilterWith(rules, call)
				if err != nil {
					t.Fatal(err)
				}
				if err := same(verify.New(verify.Limits{}), program, WithCall(rules, call)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestFilterWithIsRemembered shows that a start's own pointers do not make it
// prove the policy again.
func TestFilterWithIsRemembered(t *testing.T) {
	path := ownedFolder(t)
	rules := memcached(t)
	for start := range 3 {
		p := within(folder{path})
		if _, err := p.FilterWith(rules, execve(t, rand.Uint64(), rand.Uint64(), rand.Uint64())); err != nil {
			t.Fatal(err)
		}
		if (p.prover != nil) != (start == 0) {
			t.Errorf("start %d: proved %v", start, p.prover != nil)
		}
	}
}
