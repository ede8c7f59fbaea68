package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain provides `narrow` to the scripts: this test binary under that name.
// It is a program of its own, as run becomes the program that it starts.
func TestMain(m *testing.M) {
	testscript.Main(published{m}, map[string]func(){"narrow": main})
}

// published is the tests, run while a copy of this binary lies where every user
// may execute it.
type published struct{ *testing.M }

// publishedPath is where that is.
var publishedPath string

func (m published) Run() int {
	dir, err := os.MkdirTemp("", "narrow-cmd-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	publishedPath = filepath.Join(dir, "narrow")
	self, err := os.Executable()
	if err == nil {
		err = errors.Join(os.Chmod(dir, 0o755), exec.Command("cp", self, publishedPath).Run(), os.Chmod(publishedPath, 0o755))
	}
	if err != nil {
		panic(err)
	}
	return m.M.Run()
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Getuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":  scriptStatus,
			"json":    scriptJSON,
			"answers": scriptAnswers,
			"fill":    scriptFill,
		},
	})
}

// scriptStatus is `status N PROGRAM ARG...`: the program ends with N, which is
// 128 and more for a signal, as in a shell.
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG...")
	}
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exitCode(exit)
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s ended with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// scriptJSON is `json FILE PATH[=VALUE]...`: every line of FILE (such as
// stdout) is a JSON value that has something at each path, a.0.b, and with a
// VALUE that.
func scriptJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: json FILE PATH[=VALUE]...")
	}
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	values := 0
	for decoder.More() {
		var v any
		ts.Check(decoder.Decode(&v))
		values++
		for _, arg := range args[1:] {
			path, want, compared := strings.Cut(arg, "=")
			got, ok := at(v, strings.Split(path, "."))
			if !ok {
				ts.Fatalf("nothing at %s in %v", path, v)
			}
			if text, _ := json.Marshal(got); compared && strings.Trim(string(text), `"`) != want {
				ts.Fatalf("%s is %s, want %s", path, text, want)
			}
		}
	}
	if values == 0 {
		ts.Fatalf("%s holds no JSON", args[0])
	}
}

// at follows a path of keys and indices into a JSON value.
func at(v any, path []string) (any, bool) {
	for _, step := range path {
		switch c := v.(type) {
		case map[string]any:
			next, ok := c[step]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(c) {
				return nil, false
			}
			v = c[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// scriptFill is `fill FILE N TEXT`: appends TEXT, with its escapes, to FILE
// until that has N bytes.
func scriptFill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fill FILE N TEXT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	text, err := strconv.Unquote(`"` + args[2] + `"`)
	ts.Check(err)
	old, err := os.ReadFile(ts.MkAbs(args[0]))
	if err != nil && !os.IsNotExist(err) {
		ts.Check(err)
	}
	all := string(old) + strings.Repeat(text, n/len(text)+1)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(all[:n]), 0o666))
}

// scriptAnswers is `answers VERDICT@PLACE...`: the lines that sim --jsonl has
// printed, without their steps, which are the compiler's affair.
func scriptAnswers(ts *testscript.TestScript, neg bool, args []string) {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var got []string
	for decoder.More() {
		var a wireAnswer
		ts.Check(decoder.Decode(&a))
		got = append(got, a.Verdict+"@"+a.Rule)
	}
	if neg || !slices.Equal(got, args) {
		ts.Fatalf("answers %q, want %q", got, args)
	}
}
