package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// print writes the differences for people.
func (r *diffReport) print(s *streams) error {
	if r.Same {
		_, err := fmt.Fprintf(s.out, "%s and %s mean the same\n", r.Left, r.Right)
		return err
	}
	if len(r.Differences) > 0 {
		fmt.Fprintf(s.out, "+ only %s lets it run, - only %s does, ~ both or neither do\n", r.Right, r.Left)
	}
	for _, g := range grouped(r.Differences) {
		if err := g.print(s.out); err != nil {
			return err
		}
	}
	for _, l := range r.Layers {
		name := r.Left
		if l.Only == "right" {
			name = r.Right
		}
		if _, err := fmt.Fprintf(s.out, "phase %s, %s: only in %s: %s\n", l.Phase, l.Layer, name, l.Does); err != nil {
			return err
		}
	}
	return nil
}

// diffGroup is the differences of one filter that some architectures share.
type diffGroup struct {
	title string
	lines []string
}

// grouped makes groups of differences: what is alike on several architectures
// is said once, call by call.
func grouped(all []diffLine) []*diffGroup {
	var groups []*diffGroup
	byTitle := map[string]*diffGroup{}
	add := func(title, line string) {
		g := byTitle[title]
		if g == nil {
			g = &diffGroup{title: title}
			byTitle[title], groups = g, append(groups, g)
		}
		g.lines = append(g.lines, line)
	}
	arches := sharing(all)
	for i := range all {
		if d := &all[i]; arches[i] != "" {
			add(d.title(arches[i]), d.text())
		}
	}
	return groups
}

// sharing names for each difference the architectures that have it, for all
// but the first of them nothing.
func sharing(all []diffLine) []string {
	first := map[string]int{}
	names := make([]string, len(all))
	for i := range all {
		d := &all[i]
		key := d.Phase + "\x00" + d.Thread + "\x00" + d.text()
		if j, ok := first[key]; ok && d.Arch != "" {
			names[j] += ", " + d.Arch
			continue
		}
		first[key] = i
		if names[i] = d.Arch; d.Arch == "" {
			names[i] = "any other ABI"
		}
	}
	return names
}

func (g *diffGroup) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s:\n", g.title)
	for _, line := range g.lines {
		fmt.Fprintf(w, "  %s\n", line)
	}
	return err
}

// title is "phase all, thread main, on x86_64, aarch64".
func (d *diffLine) title(arches string) string {
	if d.Phase == "" {
		return "on " + arches
	}
	return fmt.Sprintf("phase %s, on %s", phaseThread(d.Phase, d.Thread), arches)
}

// text is a line such as
//
//   - socket(family == AF_INET6, type == 0, protocol == 0): kill-process → allow, 1 in 2^32 of its calls
func (d *diffLine) text() string {
	if d.Whole || d.Witness == "" {
		return fmt.Sprintf("%s %s: %s → %s", d.Change, d.Call, d.Left, d.Right)
	}
	if d.Calls != "" {
		return fmt.Sprintf("%s %s: %s → %s", d.Change, d.Calls, d.Left, d.Right)
	}
	witness := strings.TrimSuffix(d.Witness, " on "+d.Arch)
	return fmt.Sprintf("%s %s: %s → %s, %s of its calls", d.Change, witness, d.Left, d.Right, d.part())
}

// part is how many of a call's calls differ so: 1 in 2^32, 30 %, nearly all.
func (d *diffLine) part() string {
	less := d.OfLog2 - d.Log2
	switch percent := 100 / math.Exp2(less); {
	case percent >= 99.5:
		return "nearly all"
	case percent >= 1:
		return fmt.Sprintf("%.0f %%", percent)
	}
	return "1 in " + power(less)
}
