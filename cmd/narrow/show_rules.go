package main

import (
	"fmt"
	"io"
	"strings"
)

// ruleGroup is rules that stand together: of one verdict and one place, such as
// all that a block implies.
type ruleGroup struct {
	Verdict, Place string
	Implied        bool
	Calls          []string
}

// groups are the rules of a thread that are worth a line: those that look at
// arguments, and those that deny. What is kept has its own list, and what two
// blocks imply alike is told once.
func (t *shownThread) groups() []ruleGroup {
	var all []ruleGroup
	told := map[string]bool{}
	for _, r := range t.Rules {
		if r.Kept || r.Verdict == "allow" && !strings.Contains(r.Call, "(") || r.Implied && told[r.Verdict+r.Call] {
			continue
		}
		told[r.Verdict+r.Call] = told[r.Verdict+r.Call] || r.Implied
		if n := len(all); n > 0 && all[n-1].Verdict == r.Verdict && all[n-1].Place == r.Place {
			all[n-1].Calls = append(all[n-1].Calls, r.Call)
			continue
		}
		all = append(all, ruleGroup{r.Verdict, r.Place, r.Implied, []string{r.Call}})
	}
	return all
}

// ruleList is groups, and whose they are.
type ruleList struct {
	Title  string
	Groups []ruleGroup
}

// ruleLists are those of each thread, and before them those that every thread
// has, where there are several.
func (ph *shownPhase) ruleLists() []ruleList {
	if len(ph.Threads) == 1 {
		return []ruleList{{"all threads", ph.Threads[0].groups()}}
	}
	count := map[string]int{}
	for _, th := range ph.Threads {
		for _, g := range th.groups() {
			count[g.key()]++
		}
	}
	every := ruleList{Title: "every thread"}
	var own []ruleList
	for i, th := range ph.Threads {
		l := ruleList{Title: ph.title(th)}
		for _, g := range th.groups() {
			switch {
			case count[g.key()] < len(ph.Threads):
				l.Groups = append(l.Groups, g)
			case i == 0:
				every.Groups = append(every.Groups, g)
			}
		}
		if len(l.Groups) > 0 {
			own = append(own, l)
		}
	}
	return append([]ruleList{every}, own...)
}

func (g *ruleGroup) key() string { return g.Verdict + g.Place + strings.Join(g.Calls, " ") }

// printRules writes the lists.
func (ph *shownPhase) printRules(w io.Writer) error {
	for _, list := range ph.ruleLists() {
		fmt.Fprintf(w, "\n  rules of %s that look at arguments or deny:\n", list.Title)
		width := 0
		for _, g := range list.Groups {
			width = max(width, len(g.Verdict))
		}
		for _, g := range list.Groups {
			if err := g.print(w, width); err != nil {
				return err
			}
		}
	}
	return nil
}

// print writes a group: its calls, wrapped, and where they come from.
func (g *ruleGroup) print(w io.Writer, width int) error {
	place := g.Place
	if g.Implied {
		place += " (implied by this block)"
	}
	lines := wrapWords(append(g.Calls, "  "+place), 100)
	_, err := fmt.Fprintf(w, "    %-*s  %s\n", width, g.Verdict, strings.Join(lines, "\n"+strings.Repeat(" ", width+6)))
	return err
}

// wrapWords puts words on lines of a width, if they are not longer themselves.
func wrapWords(words []string, width int) []string {
	lines := []string{words[0]}
	for _, word := range words[1:] {
		last := &lines[len(lines)-1]
		if len(*last)+1+len(word) > width {
			lines = append(lines, strings.TrimLeft(word, " "))
			continue
		}
		*last += " " + word
	}
	return lines
}
