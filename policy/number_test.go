package policy

import (
	"strings"
	"testing"
)

func TestParseNumber(t *testing.T) {
	for _, c := range []struct {
		text     string
		want     uint64
		negative bool
		err      string
	}{
		{"0", 0, false, ""},
		{"42", 42, false, ""},
		{"0x1f", 31, false, ""},
		{"0XFF", 255, false, ""},
		{"0o17", 15, false, ""},
		{"017", 15, false, ""},
		{"0b101", 5, false, ""},
		{"-1", 1, true, ""},
		{"-0x10", 16, true, ""},
		{"18446744073709551615", 1<<64 - 1, false, ""},
		{"-9223372036854775808", 1 << 63, true, ""},
		{"18446744073709551616", 0, false, "18446744073709551616 does not fit in 64 bits"},
		{"0x10000000000000000", 0, false, "0x10000000000000000 does not fit in 64 bits"},
		{"-9223372036854775809", 0, false, "-9223372036854775809 does not fit in 64 bits"},
		{strings.Repeat("9", 99), 0, false, strings.Repeat("9", 40) + "... does not fit in 64 bits"},
		{"08", 0, false, `"08" is not a number`},
		{"0x", 0, false, `"0x" is not a number`},
		{"0b2", 0, false, `"0b2" is not a number`},
		{"1_000", 0, false, `"1_000" is not a number`},
		{"9abc", 0, false, `"9abc" is not a number`},
		{"", 0, false, `"" is not a number`},
		{"-", 0, false, `"-" is not a number`},
		{"--1", 0, false, `"--1" is not a number`},
		{"+1", 0, false, `"+1" is not a number`},
	} {
		got, negative, err := parseNumber(c.text)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != c.want || negative != c.negative || text != c.err {
			t.Errorf("parseNumber(%q) = %d, %v, %q; want %d, %v, %q", c.text, got, negative, text, c.want, c.negative, c.err)
		}
	}
}
