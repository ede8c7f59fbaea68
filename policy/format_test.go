package policy

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestFormatGolden formats testdata/format/*.in and compares with the .out beside.
func TestFormatGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/format/*.in")
	if err != nil || len(inputs) == 0 {
		t.Fatal("no inputs", err)
	}
	for _, name := range inputs {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(name, src)
		if err != nil {
			t.Fatal(err)
		}
		got := f.Format()
		golden := strings.TrimSuffix(name, ".in") + ".out"
		if *update {
			if err := os.WriteFile(golden, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		checkFormat(t, f)
	}
}

// TestFormatRandom checks on random Files that formatting loses nothing, and
// that formatting twice changes nothing.
func TestFormatRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkFormat(t, anyFile().Draw(t, "file")) })
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// checkFormat checks that f's text reads as f, and formats to itself.
func checkFormat(t failer, f *File) {
	t.Helper()
	text := f.Format()
	again, err := Parse(f.Name, text)
	if err != nil {
		t.Fatalf("does not parse:\n%v\n\n%s", err, text)
	}
	if twice := again.Format(); !bytes.Equal(text, twice) {
		t.Fatalf("formats to something else the second time (-once +twice):\n%s\n\n%s", cmp.Diff(string(text), string(twice)), text)
	}
	meaning(reflect.ValueOf(again))
	meaning(reflect.ValueOf(f))
	if !reflect.DeepEqual(f, again) {
		t.Fatalf("reads as something else (-file +parsed):\n%s\n\n%s", cmp.Diff(f, again, cmp.Exporter(func(reflect.Type) bool { return true })), text)
	}
}

// TestFormatHandMade formats what Parse never makes but programs may: comments
// without a #, of several lines or in two places at once, words that need quotes.
func TestFormatHandMade(t *testing.T) {
	rule := &Rule{Verdict: VerdictExpr{Kind: Allow}, Calls: []*CallExpr{{Name: "read"}, {Name: "write"}}}
	rule.Calls[0].Lead = []Comment{{Text: "about\nreading"}}
	rule.Calls[1].Trail = &Comment{Text: "of write"}
	rule.Trail = &Comment{Text: "# of the rule  "}
	f := &File{Stmts: []Stmt{
		rule,
		&Phase{Name: Word{Text: "x"}, Block: []Stmt{
			&Label{Block: []Stmt{&Setting{Key: Word{Text: "smack"}, Values: []Word{{Text: "tomoyo"}, {Text: "a,b"}, {Text: "c d"}}}}},
			&Files{Block: []Stmt{&Access{Right: Word{Text: "read"}, Paths: []Word{{Text: "/a\x1b\xff"}, {Text: "/b c?"}, {Text: "/d?"}}}}},
		}},
	}}
	const want = `# about reading
allow read write # of write # of the rule
phase x {
    label {
        smack "tomoyo" a,b "c d"
    }
    files {
        read "/a\x1b\xff" "/b c"? /d?
    }
}
`
	if diff := cmp.Diff(want, string(f.Format())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := Parse("p", f.Format()); err != nil {
		t.Error(err)
	}
}

// meaning zeroes what formatting may change: places and layout. The comments
// of the first entry of a list are its statement's.
func meaning(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if c, ok := v.Interface().(*Comments); ok && c != nil {
			meaning(v.Elem())
			return
		}
		meaning(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			meaning(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; layout[name] {
				v.Field(i).SetZero()
				continue
			}
			if v.Field(i).CanSet() {
				meaning(v.Field(i))
			} else if n, ok := nodeOf(v); ok {
				meaning(reflect.ValueOf(n))
			}
		}
		dropEmpty(v)
	}
}

var layout = map[string]bool{"Pos": true, "Blank": true, "Gap": true, "Newline": true, "OneLine": true}

// nodeOf is the node in a statement, which reflection may not write to.
func nodeOf(v reflect.Value) (*Comments, bool) {
	s, ok := v.Addr().Interface().(Stmt)
	if !ok {
		return nil, false
	}
	reflect.ValueOf(s).Elem().FieldByName("Pos").SetZero()
	return s.comments(), true
}

// dropEmpty makes slices and comments that hold nothing nil.
func dropEmpty(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case !f.CanSet():
		case f.Kind() == reflect.Slice && f.Len() == 0:
			f.SetZero()
		case f.Type() == reflect.TypeFor[*Comments]() && !f.IsNil() && f.Elem().IsZero():
			f.SetZero()
		}
	}
}
