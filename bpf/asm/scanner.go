package asm

import (
	"bytes"
	"fmt"
	"strconv"
)

// scanner reads a source text from the front. It knows the two comment styles
// that a text may have, words and numbers; what follows them is for its users.
type scanner struct {
	src      []byte
	pos      int
	c        bool // the text is C: comments are /* */ and //, and lines with # are the preprocessor's
	compat   bool // read comments and numbers as bpfc does
	inside   bool // an instruction is half read
	problems []problem
	errors   int // how many there were, told or not
	warnings int
}

// fail records an error at an offset.
func (s *scanner) fail(at int, what, hint string) { s.note(problem{at: at, what: what, hint: hint}) }

// warn records a warning at an offset.
func (s *scanner) warn(at int, what string) { s.note(problem{at: at, what: what, warning: true}) }

// note records a problem, unless there were too many of its kind to tell.
func (s *scanner) note(p problem) {
	count := &s.errors
	if p.warning {
		count = &s.warnings
	}
	*count++
	if *count <= maxProblems {
		s.problems = append(s.problems, p)
	}
}

// peek returns the byte at hand, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

// blanks skips blanks, newlines and comments.
func (s *scanner) blanks() {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c > ';':
			return
		case c == ' ' || '\t' <= c && c <= '\r':
			s.pos++
		case c == '#' && s.lineStart():
			if s.inside && s.hashLine() {
				return
			}
			s.skipLine()
		case c == ';' && !s.c:
			s.skipLine()
		case c == '/' && s.at("/*"):
			s.comment()
		case c == '/' && s.c && s.at("//"):
			s.skipLine()
		default:
			return
		}
	}
}

// lineStart reports whether the byte at hand is the first of its line; in C,
// whether only blanks are before it.
func (s *scanner) lineStart() bool {
	i := s.pos
	for s.c && i > 0 && (s.src[i-1] == ' ' || s.src[i-1] == '\t') {
		i--
	}
	return i == 0 || s.src[i-1] == '\n'
}

// hashLine reports whether the rest of the line is # alone or the name of an
// extension. There bpfc's scanner finds the operand before the comment.
func (s *scanner) hashLine() bool {
	end := len(s.src)
	if n := bytes.IndexByte(s.src[s.pos:], '\n'); n >= 0 {
		end = s.pos + n
	}
	word := s.src[s.pos+1 : end]
	return len(word) == 0 || isLen(word) || isExtension(word)
}

// at reports whether text is at hand.
func (s *scanner) at(text string) bool {
	return s.pos+len(text) <= len(s.src) && string(s.src[s.pos:s.pos+len(text)]) == text
}

// skipLine goes to the end of the line.
func (s *scanner) skipLine() {
	if n := bytes.IndexByte(s.src[s.pos:], '\n'); n >= 0 {
		s.pos += n
	} else {
		s.pos = len(s.src)
	}
}

// comment skips a /* */ comment.
func (s *scanner) comment() {
	start := s.pos
	n := bytes.Index(s.src[start+2:], []byte("*/"))
	if n < 0 {
		s.fail(start, "a comment without its end", "expected */")
		s.pos = len(s.src)
		return
	}
	s.pos = start + 2 + n + 2
	if s.compat {
		s.swallow(start)
	}
}

// swallow goes to where bpfc ends the comment that begins at start, and s.pos
// is its true end.
func (s *scanner) swallow(start int) {
	end := bpfcCommentEnd(s.src, start)
	switch {
	case end < 0:
		s.fail(start, "bpfc does not see the end of this comment", "write */ with a blank before it")
		s.pos = len(s.src)
	case end != s.pos:
		s.warn(start, fmt.Sprintf("bpfc does not see the end of this comment and swallows %d bytes behind it", end-s.pos))
		s.pos = end
	}
}

// bpfcCommentEnd returns where bpfc ends the comment that begins at start, -1
// if nowhere: it passes over the byte behind a star unless that is a slash, so
// that an even number of stars does not end a comment.
func bpfcCommentEnd(src []byte, start int) int {
	for i := start + 2; i+1 < len(src); i++ {
		if src[i] != '*' {
			continue
		}
		if src[i+1] == '/' {
			return i + 2
		}
		i++
	}
	return -1
}

// word returns the word at hand, letters, digits and underscores, and passes it.
func (s *scanner) word() []byte {
	rest := s.src[s.pos:]
	n := 0
	for n < len(rest) && isWord(rest[n]) {
		n++
	}
	s.pos += n
	return rest[:n]
}

func isWord(c byte) bool { return letters[c] != 0 }

func isLetter(c byte) bool { return letters[c] == 1 }

// letters is 1 for what a word may begin with, and 2 for what it may go on with.
var letters = func() (table [256]byte) {
	for c := range table {
		switch lower := byte(c) | 0x20; {
		case 'a' <= lower && lower <= 'z' || c == '_':
			table[c] = 1
		case '0' <= c && c <= '9':
			table[c] = 2
		}
	}
	return table
}()

// take passes a byte if it is the one at hand, after blanks.
func (s *scanner) take(c byte) bool {
	s.blanks()
	if s.peek() != c || s.pos == len(s.src) {
		return false
	}
	s.pos++
	return true
}

// found says what is at hand, for errors.
func (s *scanner) found() string {
	if s.pos == len(s.src) {
		return "the end of the text"
	}
	if c := s.src[s.pos]; !isWord(c) {
		return quote(c)
	}
	end := s.pos
	for end < len(s.src) && isWord(s.src[end]) && end-s.pos < 40 {
		end++
	}
	return strconv.Quote(string(s.src[s.pos:end]))
}

// quote writes a byte of an input as people can read it.
func quote(c byte) string {
	if c >= 0x80 {
		return fmt.Sprintf("byte 0x%02x", c)
	}
	return strconv.QuoteRune(rune(c))
}
