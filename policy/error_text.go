package policy

import (
	"bytes"
	"strings"
	"unicode"
)

// shownLine is how many characters of a line Caret shows: what terminals have
// beside the indent. shownBefore of them stand before the place.
const (
	shownLine   = 76
	shownBefore = 50
)

// Caret is the line of src that e is about and, below it, a caret under the
// place, each with a line end; src is the text that e.Pos.File names. It is
// empty if there is no such place. What a terminal would obey rather than
// show becomes `?`.
func (e *Error) Caret(src []byte) string {
	text, ok := lineOf(bytes.TrimPrefix(src, []byte(string(byteOrderMark))), e.Pos.Line)
	if !ok || e.Pos.Col < 1 || e.Pos.Col > len(text)+1 {
		return ""
	}
	text = bytes.TrimSuffix(text, []byte("\r"))
	col := min(e.Pos.Col-1, len(text))
	before, after := shown(text[:col]), shown(text[col:])
	if cut := len(before) - shownBefore; cut > 0 && len(before)+len(after) > shownLine {
		before = append([]rune("..."), before[cut:]...)
	}
	if rest := shownLine - len(before); len(after) > rest {
		after = append(after[:rest:rest], []rune("...")...)
	}
	return "    " + string(before) + strings.TrimRight(string(after), " \t") + "\n    " + pad(before) + "^\n"
}

// lineOf is a line of src without its end; lines are counted from 1.
func lineOf(src []byte, line int) ([]byte, bool) {
	for ; line > 1; line-- {
		i := bytes.IndexByte(src, '\n')
		if i < 0 {
			return nil, false
		}
		src = src[i+1:]
	}
	if i := bytes.IndexByte(src, '\n'); i >= 0 {
		src = src[:i]
	}
	return src, line == 1
}

// shown is text as characters that move a terminal's cursor by one, or are tabs.
func shown(text []byte) []rune {
	runes := bytes.Runes(text)
	for i, r := range runes {
		if r != '\t' && !unicode.IsPrint(r) {
			runes[i] = '?'
		}
	}
	return runes
}

// pad is as wide as what stands above it, also where that has tabs.
func pad(above []rune) string {
	blanks := make([]rune, len(above))
	for i, r := range above {
		blanks[i] = ' '
		if r == '\t' {
			blanks[i] = '\t'
		}
	}
	return string(blanks)
}
