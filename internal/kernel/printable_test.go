package kernel

import "testing"

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		"mc-worker":     "mc-worker",
		"k\u00f6nig 1":  "k\u00f6nig 1",
		"\x1b[31mred":   `"\x1b[31mred"`,
		"a\nkilled":     `"a\nkilled"`,
		"\xff":          `"\xff"`,
		"\u202egnp.exe": `"\u202egnp.exe"`,
		`say "hi"`:      `"say \"hi\""`,
	} {
		if got := Printable(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
