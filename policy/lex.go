package policy

import (
	"strings"
	"unicode/utf8"
)

// tokenKind tells tokens apart.
type tokenKind uint8

const (
	endToken    tokenKind = iota // the end of the text, for ever
	nameToken                    // read, kill-process, AF_INET, syscall_1007
	numberToken                  // begins with a digit; parseNumber says whether it is one
	paramToken                   // $port
	setToken                     // @reply
	stringToken                  // "..." as written, on one line
	punctToken                   // an operator, a bracket, a comma
	otherToken                   // a character that is none of these
	wordToken                    // what recut makes of any of these
)

// token is a piece of the text.
type token struct {
	kind  tokenKind
	text  string
	off   int // where it begins
	stop  int // where it ends
	line  int
	col   int
	first bool // nothing but blanks and comments stands before it on its line
	blank bool // an empty line stands above it, below what precedes it
}

// is reports whether t is the operator, bracket or comma p.
func (t token) is(p string) bool { return t.kind == punctToken && t.text == p }

// remark is a comment that was read and belongs to nothing yet.
type remark struct {
	Comment
	off   int
	trail bool // it stands on the line of the token before it
}

// lexer cuts a text into tokens, and comments into remarks.
//
// The language has two kinds of tokens: those of the notation, where
// `fd==1` is three of them, and words that run to the next blank, where
// `10.0.0.7:11211` is one. Only the parser knows which it wants, so next gives
// tokens of the notation, and recut cuts the same place anew.
type lexer struct {
	file    string
	src     string
	off     int
	line    int
	start   int      // offset where the line begins
	remarks []remark // read since the parser last took them
}

// next skips blanks and comments and cuts a token of the notation.
func (l *lexer) next() token {
	tok := l.skip()
	length, kind := scan(l.src[l.off:])
	l.off += length
	tok.kind, tok.text, tok.stop = kind, l.src[tok.off:l.off], l.off
	return tok
}

// skip moves to the next token, keeping the comments in between, and tells how
// it stands to what was before it.
func (l *lexer) skip() token {
	first, breaks := l.off == 0, 0
	for l.off < len(l.src) {
		switch c := l.src[l.off]; c {
		case '\n':
			l.off++
			l.line++
			l.start = l.off
			first = true
			breaks++
		case ' ', '\t', '\r':
			l.off++
		case '#':
			l.remark(!first, breaks > 1)
			breaks = 0
		default:
			return l.here(first, breaks > 1)
		}
	}
	return l.here(first, breaks > 1)
}

func (l *lexer) here(first, blank bool) token {
	return token{off: l.off, line: l.line, col: l.off - l.start + 1, first: first, blank: blank}
}

// remark reads the comment that begins here, to the end of its line.
func (l *lexer) remark(trail, blank bool) {
	off := l.off
	l.off = lineEnd(l.src, off)
	l.remarks = append(l.remarks, remark{
		Comment: Comment{
			Pos:   Pos{l.file, l.line, off - l.start + 1},
			Text:  strings.TrimRight(l.src[off:l.off], " \t\r"),
			Blank: blank,
		},
		off:   off,
		trail: trail,
	})
}

// scan is the length and the kind of the token of the notation that text begins
// with.
func scan(text string) (length int, kind tokenKind) {
	if text == "" {
		return 0, endToken
	}
	switch c := text[0]; {
	case isNameStart(c):
		return nameLength(text), nameToken
	case isDigit(c):
		return numberLength(text), numberToken
	case c == '"':
		return stringLength(text), stringToken
	case c == '$' || c == '@':
		return scanSigil(text)
	}
	if p := punct(text); p != "" {
		return len(p), punctToken
	}
	_, size := utf8.DecodeRuneInString(text)
	return size, otherToken
}

// scanSigil is scan for $param and @set; without a name it is neither.
func scanSigil(text string) (length int, kind tokenKind) {
	length, kind = 1+nameLength(text[1:]), paramToken
	switch {
	case length == 1:
		kind = otherToken
	case text[0] == '@':
		kind = setToken
	}
	return length, kind
}

// recut cuts tok anew, as a word that runs to the next blank, brace, quote,
// comment or character of stops. A string stays what it is.
func (l *lexer) recut(tok token, stops string) token {
	if tok.kind == endToken || tok.kind == stringToken {
		return tok
	}
	end := l.wordEnd(tok.off, stops)
	if end == tok.off {
		return tok
	}
	l.off = end
	tok.text, tok.stop, tok.kind = l.src[tok.off:end], end, wordToken
	return tok
}

// wordEnd is the end of the word that begins at off, if one does.
func (l *lexer) wordEnd(off int, stops string) int {
	for off < len(l.src) && !endsWord(l.src[off]) && strings.IndexByte(stops, l.src[off]) < 0 {
		off++
	}
	return off
}

func endsWord(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', '{', '}', '"', '#':
		return true
	}
	return false
}

// puncts are the operators and brackets, longer ones before their beginnings.
// `=` is no comparison, but param has it; the last ones are none at all, but
// people write them, and an error can say what to write instead.
var puncts = [...]string{
	"==", "!=", "<=", ">=", "..", "&&", "||",
	"<", ">", "&", "|", "{", "}", "(", ")", ",", "*", "-", "=",
}

// punct is the operator or bracket that text begins with, or empty.
func punct(text string) string {
	for _, p := range puncts {
		if p[0] == text[0] && strings.HasPrefix(text, p) {
			return p
		}
	}
	return ""
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}

// isName reports whether c may stand within a name. A `-` may: kill-process,
// @network-io.
func isName(c byte) bool { return isNameStart(c) || isDigit(c) || c == '-' }

func nameLength(text string) int {
	n := 0
	for n < len(text) && isName(text[n]) {
		n++
	}
	return n
}

// numberLength takes letters too, so that 0x1f is one token, and 12ab one mistake.
func numberLength(text string) int {
	n := 0
	for n < len(text) && isName(text[n]) && text[n] != '-' {
		n++
	}
	return n
}

// stringLength is the length of the string that text begins with, its quotes
// included. One that is not closed ends with its line.
func stringLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\n':
			return i
		case '\\':
			if i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		}
	}
	return len(text)
}

// lineEnd is the offset of the line end after off, or of the end of the text.
func lineEnd(text string, off int) int {
	if i := strings.IndexByte(text[off:], '\n'); i >= 0 {
		return off + i
	}
	return len(text)
}
