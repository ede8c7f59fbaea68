package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// grid is a report with columns of its own.
type grid struct {
	title, about string
	columns      []string
	rows         [][]string
	exceeded     []string
	picture      string // a file beside the document, "" for none
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// must notes a target that a value exceeds.
func (g *grid) must(what string, value, limit float64) {
	if value > limit {
		g.exceeded = append(g.exceeded, fmt.Sprintf("%s: %.4g, ≤ %.4g", what, value, limit))
	}
}

func (g *grid) missed() []string { return g.exceeded }

func (g *grid) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n  %s\n", g.title, g.about)
	w := tabwriter.NewWriter(&out, 0, 8, 2, ' ', 0)
	for _, cells := range append([][]string{g.columns}, g.rows...) {
		fmt.Fprintln(w, "  "+strings.Join(cells, "\t"))
	}
	w.Flush()
	return out.String()
}

func (g *grid) markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "### %s\n%s.\n\n", strings.ToUpper(g.title[:1])+g.title[1:], g.about)
	fmt.Fprintf(&out, "| %s |\n|%s\n", strings.Join(g.columns, " | "), strings.Repeat(" --- |", len(g.columns)))
	for _, cells := range g.rows {
		fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | "))
	}
	if g.picture != "" {
		fmt.Fprintf(&out, "\n![%s](%s)\n", g.title, g.picture)
	}
	return out.String()
}
