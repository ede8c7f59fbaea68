package interop_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/interop"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/policy"
)

var update = flag.Bool("update", false, "write the golden headers anew")

// load resolves a policy's text.
func load(t *testing.T, name, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Load(name, []byte(text), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// header makes a policy's header.
func header(p *policy.Policy, bestEffort bool) ([]byte, error) {
	return interop.CHeader(p, interop.CHeaderOptions{Source: "p.narrow", Program: proved.Afresh().Filter, BestEffort: bestEffort})
}

func mustHeader(t *testing.T, text string) []byte {
	t.Helper()
	made, err := header(load(t, "p.narrow", text), false)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestCHeaderGolden shows what a reader of the header sees.
func TestCHeaderGolden(t *testing.T) {
	policies, err := filepath.Glob("testdata/cheader/*.narrow")
	if err != nil || len(policies) == 0 {
		t.Fatal(err, policies)
	}
	for _, file := range policies {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := header(load(t, filepath.Base(file), string(text)), true)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		golden := strings.TrimSuffix(file, ".narrow") + ".h"
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s differs from what is made now; look at it with -update and git diff", golden)
		}
	}
}

// TestCHeaderRefuses has what a C program could not have or could not enforce.
func TestCHeaderRefuses(t *testing.T) {
	const head = "language 1\npolicy p\narch x86_64 default errno EPERM\n"
	for _, test := range []struct{ name, text, want string }{
		{"phases that are one in C", head + "phase a-b { allow read write }\nphase a_b { allow read }",
			"p.narrow:5:1: phase a_b and phase a-b (p.narrow:4:1) would both be narrow_p_enter_a_b in C; expected names that differ in their letters and digits; rename one of them"},
		{"classes that are one in C", head + "phase a { thread x-1 { allow read }\nthread x.1 { allow write } }",
			"p.narrow:5:1: thread x.1 and thread x-1 (p.narrow:4:11) would both be narrow_p_enter_thread_x_1 in C; expected names that differ in their letters and digits; rename one of them"},
		{"classes of different phases", head + "phase a { allow *\nthread x-1 { allow * } }\nphase b { thread x.1 { allow write } }",
			"p.narrow:6:11: thread x.1 and thread x-1 (p.narrow:5:1) would both be narrow_p_enter_thread_x_1 in C; expected names that differ in their letters and digits; rename one of them"},
		{"a phase and a class", head + "phase thread_x { allow *\nthread x { allow write } }",
			"p.narrow:5:1: thread x and phase thread_x (p.narrow:4:1) would both be narrow_p_enter_thread_x in C; expected names that differ in their letters and digits; rename one of them"},
		{"a phase and the unnamed class", head + "phase thread { allow *\nthread x { allow write } }",
			"p.narrow:4:1: the threads that no block names and phase thread (p.narrow:4:1) would both be narrow_p_enter_thread in C; expected names that differ in their letters and digits; rename one of them"},
		{"users", head + "process { user nobody group nogroup }\nallow read",
			"p.narrow:4:1: user and group are not changed by a C header; expected what a program can do to itself from C; change them in the program before the first phase, or leave it out with --best-effort"},
		{"capabilities", head + "process { capabilities none }\nallow read",
			"p.narrow:4:1: capabilities are not dropped by a C header; expected what a program can do to itself from C; drop them in the program before the first phase, or leave it out with --best-effort"},
		{"labels", head + "phase a { label { apparmor profile x } allow read }",
			"p.narrow:4:19: labels are not set by a C header; expected what a program can do to itself from C; start the program by `narrow run`, or leave it out with --best-effort"},
		{"supervisors", head + "notify read\ntrace write",
			"p.narrow:4:8: notify needs a supervisor that answers, and a program that narrows itself has none; expected what a program can do to itself from C; choose another verdict, or leave it out with --best-effort\n" +
				"p.narrow:5:7: trace needs a supervisor that answers, and a program that narrows itself has none; expected what a program can do to itself from C; choose another verdict, or leave it out with --best-effort"},
	} {
		t.Run(name(test.name), func(t *testing.T) {
			_, err := header(load(t, "p.narrow", test.text), false)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func name(s string) string { return strings.ReplaceAll(s, " ", "-") }

// TestCHeaderTextsEndNoComment puts into names and paths what would end a
// comment, a line or a string of C.
func TestCHeaderTextsEndNoComment(t *testing.T) {
	p := load(t, "p.narrow", "arch x86_64 default allow\nfiles { read \"/a*/b\\\"??/\" }\nallow read")
	p.Name = "x */ int y; /* \n#error"
	made, err := header(p, false)
	if err != nil {
		t.Fatal(err)
	}
	text := string(made)
	for _, bad := range []string{"*/ int y", "\n#error\n", "??"} {
		if strings.Contains(text, bad) {
			t.Errorf("the header contains %q", bad)
		}
	}
	if !strings.Contains(text, `"/a*/b\"\?\?"`) {
		t.Errorf("the path is not in the header as it should be")
	}
}
