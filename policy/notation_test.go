package policy

import (
	"testing"

	"pgregory.net/rapid"
)

func TestParseCall(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"read", "read"},
		{" getpid() ", "getpid"},
		{"@reply", "@reply"},
		{"*", "*"},
		{"syscall_0x3ef", "syscall_0x3ef"},
		{"write(fd in{1,2})", "write(fd in {1, 2})"},
		{"write ( fd == 1 , count<=0x10 )", "write(fd == 1, count <= 0x10)"},
		{"socket(type&SOCK_TYPE_MASK==SOCK_STREAM)", "socket(type & SOCK_TYPE_MASK == SOCK_STREAM)"},
		{"f(a != 1, b < 1, c <= 1, d > 1, e >= 1)", "f(a != 1, b < 1, c <= 1, d > 1, e >= 1)"},
		{"f(a not in {1, 3 .. 9, A..B}, b has A | B, c lacks A, d only 0)", "f(a not in {1, 3..9, A..B}, b has A|B, c lacks A, d only 0)"},
		{"f(a == -1, b == - 2, c == $p, d == -A)", "f(a == -1, b == -2, c == $p, d == -A)"},
		{"sched_setscheduler(policy == SCHED_OTHER, param == NULL)", "sched_setscheduler(policy == SCHED_OTHER, param == NULL)"},
		{"f(in in {1}, not not in {1}, has has 1)", "f(in in {1}, not not in {1}, has has 1)"},
	} {
		call, err := ParseCall(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := call.String(); got != c.want {
			t.Errorf("%s prints as %s, want %s", c.text, got, c.want)
		}
	}
}

func TestParseCallErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "1:1: unexpected the end of the text; expected a call such as `write(fd == 1)`"},
		{"read write", `1:6: a second call "write"; expected one`},
		{"read, write", "1:5: unexpected \",\"; expected a call such as `write(fd == 1)`"},
		{"allow read", "1:1: unexpected \"allow\"; expected a call such as `write(fd == 1)`"},
		{"read(", "1:5: this ( is never closed; expected ) before the end of the text"},
		{"read(fd == 1", "1:5: this ( is never closed; expected ) before the end of the text"},
		{"read(fd = 1)", "1:9: unexpected \"=\"; expected a comparison of fd: ==, !=, <, <=, >, >=, in, not in, has, lacks or only; write `fd == ...`"},
		{"re\x00ad", "1:3: a NUL byte; expected UTF-8 text; is this a policy?"},
	} {
		call, err := ParseCall(c.text)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, %v\nwant %s", c.text, call, err, c.want)
		}
	}
}

// TestCallsPrint checks that random calls come back from their text.
func TestCallsPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := fileGen{t}.call().String()
		call, err := ParseCall(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := call.String(); got != text {
			t.Fatalf("%s comes back as %s", text, got)
		}
	})
}

func TestVerdictText(t *testing.T) {
	seven := &ValueExpr{Terms: []Term{{Text: "7"}}}
	for _, c := range []struct {
		v    VerdictExpr
		want string
	}{
		{VerdictExpr{}, "kill-process"},
		{VerdictExpr{Kind: Trap, Data: seven}, "trap 7"},
		{VerdictExpr{Kind: Trace}, "trace"},
		{VerdictExpr{Kind: Errno, Data: &ValueExpr{Terms: []Term{{Text: "EPERM"}}}}, "errno EPERM"},
	} {
		if got := c.v.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
