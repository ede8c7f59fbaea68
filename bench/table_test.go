package main

import (
	"strings"
	"testing"
	"time"
)

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		row    row
		missed bool
	}{
		{ratioRow("a", "1 ns", "1 ns", 1.0299, 1.03), false},
		{ratioRow("a", "1 ns", "1 ns", 1.0304, 1.03), false}, // reads 1.030
		{ratioRow("a", "1 ns", "1 ns", 1.0306, 1.03), true},
		{ratioRow("a", "1 ns", "1 ns", 99, 0), false},
		{limitRow("a", "", "", 1e6, time.Millisecond), false},
		{limitRow("a", "", "", 1e6+1, time.Millisecond), true},
		{limitRow("a", "", "", 1e9, 0), false},
	} {
		table := table{"title", "about", []row{c.row}}
		if got := len(table.missed()) == 1; got != c.missed {
			t.Errorf("%+v: missed is %v, want %v", c.row, got, c.missed)
		}
		if got := strings.Contains(table.text(), "missed"); got != c.missed {
			t.Errorf("the text does not say whether it was missed:\n%s", table.text())
		}
	}
}

func TestReplaceTables(t *testing.T) {
	before, after := "# Title\n", "the end\n"
	text := before + tableBegin + "old\n" + tableEnd + after
	got, err := replaceTables(text, "new\n")
	if want := before + tableBegin + "new\n" + tableEnd + after; err != nil || got != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	for _, broken := range []string{"", tableBegin, tableEnd + tableBegin} {
		if _, err := replaceTables(broken, "new\n"); err == nil {
			t.Errorf("%q: no error without both marks in their order", broken)
		}
	}
}

func TestUnits(t *testing.T) {
	for ns, want := range map[float64]string{0: "0 ns", 12.34: "12.3 ns", 1234: "1.23 µs", -20_000: "-20 µs", 1e6: "1 ms", 2.5e9: "2.5 s"} {
		if got := duration(ns); got != want {
			t.Errorf("duration(%v) = %q, want %q", ns, got, want)
		}
	}
	for n, want := range map[float64]string{500_000: "500 k/s", 2_340_000: "2.34 M/s"} {
		if got := rate(n); got != want {
			t.Errorf("rate(%v) = %q, want %q", n, got, want)
		}
	}
}
