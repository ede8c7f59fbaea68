package main

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
)

// row is one measurement: the same thing without narrow and with it.
type row struct {
	what     string
	without  string // what it costs free; "" where there is nothing to compare with
	with     string
	result   string // the ratio, or the difference
	noise    string // the result of without against without; "" if not measured
	target   string // what must be reached, "" if nothing
	exceeded bool
}

// ratioRow is a row whose result is a ratio, which may not exceed limit; 0 is no limit.
func ratioRow(what string, without, with string, ratio, limit float64) row {
	r := row{what: what, without: without, with: with, result: fmt.Sprintf("%.3f", ratio)}
	if limit > 0 {
		r.target = fmt.Sprintf("≤ %.2f", limit)
		r.exceeded = math.Round(ratio*1000) > math.Round(limit*1000)
	}
	return r
}

// table is a section with its results.
type table struct {
	title, about string
	rows         []row
}

var columns = []string{"", "without", "narrow", "result", "noise", "must reach"}

func (r *row) cells() []string {
	target := r.target
	switch {
	case r.exceeded:
		target += " (missed)"
	case target != "":
		target += " ✓"
	}
	return []string{r.what, r.without, r.with, r.result, r.noise, target}
}

// text is the table for a terminal.
func (t *table) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n  %s\n", t.title, t.about)
	w := tabwriter.NewWriter(&out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "  "+strings.Join(columns, "\t"))
	for _, r := range t.rows {
		fmt.Fprintln(w, "  "+strings.Join(r.cells(), "\t"))
	}
	w.Flush()
	return out.String()
}

// markdown is the table for a document.
func (t *table) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n%s.\n\n", strings.ToUpper(t.title[:1])+t.title[1:], t.about)
	fmt.Fprintf(&out, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
	for _, r := range t.rows {
		fmt.Fprintf(&out, "| %s |\n", strings.Join(r.cells(), " | "))
	}
	return out.String()
}

// missed names the rows that exceed their target.
func (t *table) missed() []string {
	var names []string
	for _, r := range t.rows {
		if r.exceeded {
			names = append(names, fmt.Sprintf("%s: %s, %s", r.what, r.result, r.target))
		}
	}
	return names
}
