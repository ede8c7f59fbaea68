package policy

import (
	"errors"
	"strings"
	"testing"
)

func TestCaret(t *testing.T) {
	long := strings.Repeat("a", 100) + "X" + strings.Repeat("b", 100)
	for _, c := range []struct {
		name, src string
		line, col int
		want      string
	}{
		{"plain", "one\nallow raed\n", 2, 7, "    allow raed\n          ^\n"},
		{"no line end", "allow raed", 1, 7, "    allow raed\n          ^\n"},
		{"line end of Windows", "allow raed\r\nx", 1, 7, "    allow raed\n          ^\n"},
		{"behind a line end of Windows", "allow\r", 1, 7, "    allow\n         ^\n"},
		{"tabs", "\tallow\traed", 1, 8, "    \tallow\traed\n    \t     \t^\n"},
		{"behind the end", "allow", 1, 6, "    allow\n         ^\n"},
		{"no byte of a character", "# é x", 1, 6, "    # é x\n        ^\n"},
		{"escape sequence", "a\x1b[2Jb", 1, 6, "    a?[2Jb\n         ^\n"},
		{"byte order mark", "\ufeffallow", 1, 1, "    allow\n    ^\n"},
		{"not UTF-8", "a\xffb", 1, 3, "    a\ufffdb\n      ^\n"},
		{"long", long, 1, 101, "    ..." + strings.Repeat("a", 50) + "X" + strings.Repeat("b", 22) + "...\n" + strings.Repeat(" ", 57) + "^\n"},
		{"long, early", long, 1, 1, "    " + strings.Repeat("a", 76) + "...\n    ^\n"},
		{"no such line", "allow", 2, 1, ""},
		{"no such column", "allow", 1, 7, ""},
		{"nowhere", "allow", 0, 0, ""},
	} {
		e := &Error{Pos: Pos{"x", c.line, c.col}}
		if got := e.Caret([]byte(c.src)); got != c.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestErrorTexts(t *testing.T) {
	for _, c := range []struct {
		e    Error
		want string
	}{
		{Error{Pos{"f", 2, 3}, "what", "want", "hint"}, "f:2:3: what; want; hint"},
		{Error{Pos{"f", 2, 3}, "what", "", "hint"}, "f:2:3: what; hint"},
		{Error{Pos{"", 2, 3}, "what", "", ""}, "2:3: what"},
		{Error{Pos{"f", 0, 0}, "what", "", ""}, "f: what"},
		{Error{What: "what"}, "what"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	var list ErrorList
	for i := range 250 {
		list = append(list, &Error{Pos: Pos{"f", i/2 + 1, 1}, What: "wrong"})
	}
	got := list.Cut()
	if len(got) != maxErrors+1 {
		t.Fatalf("%d errors", len(got))
	}
	if want := "f:101:1: and 25 more errors from here on"; got[maxErrors].Error() != want {
		t.Errorf("got %q, want %q", got[maxErrors], want)
	}
	if short := got[:3].Cut(); len(short) != 3 {
		t.Errorf("three errors became %d", len(short))
	}
}

// TestErrorsAs checks that callers find the errors of a text one by one, in order.
func TestErrorsAs(t *testing.T) {
	_, err := Parse("p", []byte("}\n\x00"))
	var first *Error
	if !errors.As(err, &first) || first.Pos != (Pos{"p", 2, 1}) {
		t.Errorf("errors.As finds %v in %v", first, err)
	}
	list := ErrorList{{Pos: Pos{"b", 1, 1}}, {Pos: Pos{"a", 2, 1}}, {Pos: Pos{"a", 1, 2}}, {Pos: Pos{"a", 1, 1}}}
	list.Sort()
	if got, want := list.Error(), "a:1:1: \na:1:2: \na:2:1: \nb:1:1: "; got != want {
		t.Errorf("sorted: %q, want %q", got, want)
	}
	if ErrorList(nil).Err() != nil {
		t.Error("an empty list is an error")
	}
}
