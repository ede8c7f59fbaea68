package policy

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// checkText finds what no policy may hold, the first of each line: bytes that
// are not UTF-8, and characters that make a text read as something that it is
// not. Reports whether it is text at all, so that parsing it makes sense.
func checkText(name string, src []byte, report func(*Error)) bool {
	if len(src) > maxText {
		report(&Error{
			Pos:  Pos{name, 1, 1},
			What: fmt.Sprintf("the file has %d bytes", len(src)),
			Want: fmt.Sprintf("expected at most %d", maxText),
			Hint: "split it with include, or name calls by sets",
		})
		return false
	}
	if plain(src) {
		return true
	}
	line := 0
	for text := range bytes.Lines(src) {
		line++
		col, what := firstBad(text)
		if what == "" {
			continue
		}
		e := &Error{Pos: Pos{name, line, col + 1}, What: what, Want: "expected UTF-8 text"}
		report(e)
		if text[col] == 0 {
			e.Hint = "is this a policy?"
			return false
		}
		e.Hint = "remove it"
	}
	return true
}

// plain reports whether src is printable ASCII, tabs and line feeds only: then
// nothing in it needs a second look.
func plain(src []byte) bool {
	for _, c := range src {
		if c >= 0x7f || c < ' ' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

// firstBad finds the first offending byte of a line, and says what is wrong with it.
func firstBad(text []byte) (offset int, what string) {
	for i, size := 0, 0; i < len(text); i += size {
		var r rune
		r, size = utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return i, fmt.Sprintf("byte 0x%02x is not UTF-8", text[i])
		case r == 0:
			return i, "a NUL byte"
		case r == '\r' && i+1 < len(text) && text[i+1] != '\n':
			return i, "a carriage return within a line, which hides what stands before it"
		case r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && r < 0xa0:
			return i, fmt.Sprintf("control character %U", r)
		case hidden(r):
			return i, fmt.Sprintf("invisible character %U", r)
		}
	}
	return 0, ""
}

// hidden reports characters that change how the text around them is shown:
// the directional controls behind CVE-2021-42574, separators of lines that
// are none here, and blanks of no width.
func hidden(r rune) bool {
	return r == '\u061c' ||
		r >= '\u200b' && r <= '\u200f' ||
		r >= '\u2028' && r <= '\u202e' ||
		r >= '\u2060' && r <= '\u206f' ||
		r == byteOrderMark
}

// byteOrderMark is what some editors put before a text; there it is dropped.
const byteOrderMark = '\ufeff'
