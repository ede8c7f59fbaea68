package policy

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parseNumber reads a number as the language writes it: decimal, 0x, 0b, 0o,
// or octal by a leading zero as in C, with a sign before it. It returns the
// magnitude, so that both -2^63 and 2^64-1 have room; anything wider is an
// error. The texts of the errors stand alone, as Error.What.
func parseNumber(text string) (magnitude uint64, negative bool, err error) {
	digits, negative := strings.CutPrefix(text, "-")
	// strconv would also take a sign of its own, and underscores between digits.
	if digits == "" || digits[0] < '0' || digits[0] > '9' || strings.Contains(digits, "_") {
		return 0, false, fmt.Errorf("%s is not a number", quote(text))
	}
	magnitude, err = strconv.ParseUint(digits, 0, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && negative && magnitude > 1<<63:
		return 0, false, fmt.Errorf("%s does not fit in 64 bits", shorten(text))
	case err != nil:
		return 0, false, fmt.Errorf("%s is not a number", quote(text))
	}
	return magnitude, negative, nil
}

// shownLength is how much of a word from a policy an error repeats.
const shownLength = 40

// shorten is a text of the policy for an error: cut if long, and without
// anything that a terminal would obey.
func shorten(text string) string {
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, cut(text))
}

// quote is shorten within quotes, where nothing needs to be lost.
func quote(text string) string { return strconv.Quote(cut(text)) }

func cut(text string) string {
	if len(text) <= shownLength {
		return text
	}
	return strings.ToValidUTF8(text[:shownLength], "") + "..."
}
