package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestUnquote(t *testing.T) {
	for _, c := range []struct{ text, want, problem string }{
		{`""`, "", ""},
		{`"a b"`, "a b", ""},
		{`"\"\\\n\t\r"`, "\"\\\n\t\r", ""},
		{`"\x41\xfF"`, "A\xff", ""},
		{`"`, "", "this quote is never closed on its line"},
		{`"a`, "", "this quote is never closed on its line"},
		{`a"`, "", "this quote is never closed on its line"},
		{`"\q"`, "", `unknown escape "\\q"`},
		{`"\é"`, "", `unknown escape "\\é"`},
		{`"\x0"`, "", `unknown escape "\\x"`},
		{`"\x00"`, "", `unknown escape "\\x"`},
		{`"\xg1"`, "", `unknown escape "\\x"`},
		{`"\"`, "", `unknown escape "\\"`},
	} {
		got, problem := unquote(c.text)
		if got != c.want || problem != c.problem {
			t.Errorf("%s is %q, %q; want %q, %q", c.text, got, problem, c.want, c.problem)
		}
	}
}

// TestEnquote checks that any bytes come back, through a text that checkText takes.
func TestEnquote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := strings.ReplaceAll(string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")), "\x00", "")
		if rapid.Bool().Draw(t, "text") {
			want = strings.ReplaceAll(rapid.String().Draw(t, "text"), "\x00", "")
		}
		text := enquote(want)
		if _, bad := firstBad([]byte(text)); bad != "" || strings.ContainsAny(text, "\n\r\t") {
			t.Fatalf("%q holds %s", text, bad)
		}
		if stringLength(text) != len(text) {
			t.Fatalf("%q ends after %d bytes", text, stringLength(text))
		}
		if got, problem := unquote(text); got != want || problem != "" {
			t.Fatalf("%q comes back as %q, %s", want, got, problem)
		}
	})
}

func TestWordText(t *testing.T) {
	for _, c := range []struct {
		w    Word
		want string
	}{
		{Word{Text: "plain"}, "plain"},
		{Word{Text: "plain", Quoted: true}, `"plain"`},
		{Word{Text: "/a b"}, `"/a b"`},
		{Word{Text: "/a,b"}, `"/a,b"`},
		{Word{Text: "/a(b)"}, "/a(b)"},
		{Word{Text: "/é"}, "/é"},
		{Word{Text: "/a#b"}, `"/a#b"`},
		{Word{Text: "/a\xff"}, `"/a\xff"`},
		{Word{Text: ""}, `""`},
	} {
		if got := wordText(c.w, ","); got != c.want {
			t.Errorf("%+v is written %s, want %s", c.w, got, c.want)
		}
	}
}
