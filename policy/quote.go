package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// unquote is the meaning of a string with its quotes, and what is wrong with it.
func unquote(text string) (meaning, problem string) {
	inside, ok := strings.CutPrefix(text, `"`)
	if !ok || len(text) < 2 || !strings.HasSuffix(inside, `"`) {
		return "", "this quote is never closed on its line"
	}
	inside = inside[:len(inside)-1]
	if !strings.Contains(inside, `\`) {
		return inside, ""
	}
	var b strings.Builder
	for i := 0; i < len(inside); i++ {
		if inside[i] != '\\' {
			b.WriteByte(inside[i])
			continue
		}
		c, size := unescape(inside[i+1:])
		if size == 0 {
			return b.String(), fmt.Sprintf("unknown escape %s", quote(firstRune(inside[i:], 2)))
		}
		b.WriteByte(c)
		i += size
	}
	return b.String(), ""
}

// unescape reads what stands behind a backslash: a quote, a backslash, n, t, r,
// or x and two hex digits, for any byte but NUL, which no name holds.
func unescape(text string) (c byte, size int) {
	if text == "" {
		return 0, 0
	}
	switch text[0] {
	case '"', '\\':
		return text[0], 1
	case 'n':
		return '\n', 1
	case 't':
		return '\t', 1
	case 'r':
		return '\r', 1
	case 'x':
		if len(text) >= 3 {
			high, low := unhex(text[1]), unhex(text[2])
			if n := high<<4 | low; high >= 0 && low >= 0 && n != 0 {
				return byte(n), 3
			}
		}
	}
	return 0, 0
}

func unhex(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// firstRune is the first n characters of text.
func firstRune(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// enquote writes a text within quotes, so that unquote reads it back.
func enquote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, size := 0, 0; i < len(text); i += size {
		var r rune
		r, size = utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(text[i])
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r >= 0x7f && r < 0xa0 || hidden(r) || r == utf8.RuneError && size == 1:
			for _, c := range []byte(text[i : i+size]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		default:
			b.WriteString(text[i : i+size])
		}
	}
	b.WriteByte('"')
	return b.String()
}

// wordText writes a word so that it is read back as the same one: in quotes
// where it had them, or where it would be more than one token without them.
// Each character of stops ends a word where this one stands.
func wordText(w Word, stops string) string {
	if w.Quoted || w.Text == "" || strings.ContainsAny(w.Text, stops) || !bareWord(w.Text) {
		return enquote(w.Text)
	}
	return w.Text
}

// threadStops end the name of a thread.
const threadStops = "(),"

func threadText(w Word) string { return wordText(w, threadStops) }

// bareWord reports whether text reads as one word without quotes.
func bareWord(text string) bool {
	for i := range len(text) {
		if endsWord(text[i]) {
			return false
		}
	}
	_, bad := firstBad([]byte(text))
	return bad == "" && utf8.ValidString(text)
}
