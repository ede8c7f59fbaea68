package policy

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestParseSoup parses random sequences of the language's own tokens, which
// get further into the parser than random bytes: it ends, without a panic, and
// what it accepts formats to what means the same.
func TestParseSoup(t *testing.T) {
	vocabulary := append(keywordsIn(inRubble),
		"{", "{", "{", "}", "}", "}", "(", ")", ",", "==", "=", "&", "|", "-", "..", "*", "not", "in", "has", "&&", "||", ";", "?", "$", "@",
		"else", "than", "linux", "after", "ready", "main", "read", "write", "fd", "EPERM", "tcp", "any", "none", "x86_64", "6.12",
		"$x", "@x", "1", "0x", "09", "99999999999999999999", "/x", "/x?", `"y"`, `"/y z"`, `"`, "# c", "# c\n", "\n", "\n\n", "\t", "\r\n", "alow", "phsae", "frobnicate")
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 40).Draw(t, "words")
		src := []byte(strings.Join(words, rapid.SampledFrom([]string{" ", "", "\n"}).Draw(t, "between")))
		checkParse(t, src)
	})
}

// TestParseDamage parses random policies with one place damaged.
func TestParseDamage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(anyFile().Draw(t, "file").Format())
		at := rapid.IntRange(0, len(text)).Draw(t, "at")
		end := rapid.IntRange(at, min(at+12, len(text))).Draw(t, "end")
		put := rapid.SampledFrom([]string{"", "{", "}", "(", ")", "\"", "\n", ",", " allow ", "#", "\x00", "é"}).Draw(t, "put")
		checkParse(t, []byte(text[:at]+put+text[end:]))
	})
}
