package main

import (
	"fmt"
	"io"
	"strings"
)

// dot writes the phases, each with its threads, as a graph for graphviz.
func (v *shownPolicy) dot(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "digraph %s {\n\trankdir=LR\n\tcompound=true\n\tfontname=\"sans-serif\"\n\tnode [shape=box, style=rounded, fontname=\"sans-serif\"]\n\tedge [fontname=\"sans-serif\"]\n", dotText(v.Policy))
	for i, ph := range v.Phases {
		fmt.Fprintf(b, "\tsubgraph cluster_%d {\n\t\tlabel=%s\n", i, dotText(fmt.Sprintf("%s\n%d calls over all threads", ph.Name, len(ph.All.Calls))))
		for j, th := range ph.Threads {
			fmt.Fprintf(b, "\t\tp%d_%d [label=%s]\n", i, j, dotText(fmt.Sprintf("%s\n%d calls, %d by argument\n%s", ph.title(th), len(th.Calls), len(th.Some), th.dangers(mostDangers))))
		}
		fmt.Fprint(b, "\t}\n")
	}
	v.dotSteps(b)
	fmt.Fprint(b, "}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// dotSteps are the arrows: for every way of a thread from phase to phase, and
// one with the trigger.
func (v *shownPolicy) dotSteps(b *strings.Builder) {
	for i, ph := range v.Phases {
		if i == 0 {
			continue
		}
		how := "entered by the program, or narrow enter"
		if ph.After != "" {
			how = "after " + ph.After
		}
		for k, step := range ph.steps {
			label := ""
			if k == 0 {
				label = ", label=" + dotText(how)
			}
			fmt.Fprintf(b, "\tp%d_%d -> p%d_%d [tooltip=%s%s]\n", i-1, step.from, i, step.to, dotText(how), label)
		}
	}
}

// dotText quotes a label, whose lines are centred.
func dotText(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' {
			return -1
		}
		return r
	}, s)
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(clean) + `"`
}
