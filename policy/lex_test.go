package policy

import (
	"fmt"
	"strings"
	"testing"
)

var kindLetters = map[tokenKind]string{
	endToken: "end", nameToken: "n", numberToken: "0", paramToken: "$", setToken: "@", stringToken: "s", punctToken: "p", otherToken: "?", wordToken: "w",
}

// tokens is the tokens of a text: kind, text, and the place where it is odd.
func tokens(l *lexer) string {
	var out []string
	for {
		t := l.next()
		if t.kind == endToken {
			return strings.Join(out, " ")
		}
		out = append(out, kindLetters[t.kind]+":"+t.text)
	}
}

func TestLex(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"", ""},
		{"allow read", "n:allow n:read"},
		{"kill-process x-", "n:kill-process n:x-"},
		{"write(fd==1)", "n:write p:( n:fd p:== 0:1 p:)"},
		{"a<=1<2>=3>4!=5", "n:a p:<= 0:1 p:< 0:2 p:>= 0:3 p:> 0:4 p:!= 0:5"},
		{"{3..9,0x1F..017}", "p:{ 0:3 p:.. 0:9 p:, 0:0x1F p:.. 0:017 p:}"},
		{"A|B&C", "n:A p:| n:B p:& n:C"},
		{"a&&b||c", "n:a p:&& n:b p:|| n:c"},
		{"-1 - -X", "p:- 0:1 p:- p:- n:X"},
		{"$port@set $ @ *", "$:$port @:@set ?:$ ?:@ p:*"},
		{"12ab 1-2", "0:12ab 0:1 p:- 0:2"},
		{`"a b" "\"" "\\"x`, `s:"a b" s:"\"" s:"\\" n:x`},
		{"\"open\nx", "s:\"open n:x"},
		{"\"open\\\nx", "s:\"open\\ n:x"},
		{"/a.b!", "?:/ n:a ?:. n:b ?:!"},
		{"é\xff", "?:é ?:\xff"},
		{"a#b\nc # d", "n:a n:c"},
		{"=", "p:="},
	} {
		l := &lexer{src: c.src, line: 1}
		if got := tokens(l); got != c.want {
			t.Errorf("%q:\ngot  %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestLexPlaces(t *testing.T) {
	l := &lexer{src: "a  b # c\n\n# d\n\te\r\n\n\n  f", line: 1}
	var got []string
	for tok := l.next(); tok.kind != endToken; tok = l.next() {
		got = append(got, fmt.Sprintf("%s %d:%d %v %v", tok.text, tok.line, tok.col, tok.first, tok.blank))
		for _, r := range l.remarks {
			got = append(got, fmt.Sprintf("%s %d:%d %v %v", r.Text, r.Pos.Line, r.Pos.Col, r.trail, r.Blank))
		}
		l.remarks = nil
	}
	want := []string{
		"a 1:1 true false",
		"b 1:4 false false",
		"e 4:2 true false",
		"# c 1:6 true false",
		"# d 3:1 false true",
		"f 7:3 true true",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRecut(t *testing.T) {
	for _, c := range []struct{ src, stops, want, rest string }{
		{"10.0.0.7:11211 x", ",", "w:10.0.0.7:11211", "n:x"},
		{"mc-*{", "", "w:mc-*", "p:{"},
		{"/usr/lib,x", ",", "w:/usr/lib", "p:, n:x"},
		{"/usr/lib,x", "", "w:/usr/lib,x", ""},
		{"</usr/bin/x>#c", "", "w:</usr/bin/x>", ""},
		{"\"a b\" c", "", `s:"a b"`, "n:c"},
		{"{ x", "", "p:{", "n:x"},
		{", x", ",", "p:,", "n:x"},
		{"", "", "end:", ""},
	} {
		l := &lexer{src: c.src, line: 1}
		tok := l.recut(l.next(), c.stops)
		if got := kindLetters[tok.kind] + ":" + tok.text; got != c.want {
			t.Errorf("%q: got %s, want %s", c.src, got, c.want)
		}
		if got := tokens(l); got != c.rest {
			t.Errorf("%q: then %s, want %s", c.src, got, c.rest)
		}
	}
}
