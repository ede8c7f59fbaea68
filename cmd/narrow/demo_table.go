package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// print writes the account for people.
func (d *demonstration) print(out io.Writer) error {
	var b strings.Builder
	b.WriteString("A memcached server in Go narrows itself, and tries after each step what a break-in would try.\n\n")
	d.table(&b)
	fmt.Fprintf(&b, `
Main accepts and workers serve; Go's own threads may do what either may, and start threads.
A client stored and read %d values before the worker's attempts and %d after: all were answered.
`, d.Client.Before, d.Client.After)
	for _, lack := range d.lacks() {
		fmt.Fprintf(&b, "The sandbox is weaker than its policy, as %s.\n", lack)
	}
	b.WriteString(`
Start the same server for clients of yours: go run ./examples/memcached -p 11211
Narrow Debian's memcached, unmodified:      narrow run memcached -- memcached -u memcache -p 11311
`)
	_, err := io.WriteString(out, b.String())
	return err
}

// table has a row for each attempt, and a column for each stage.
func (d *demonstration) table(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	fmt.Fprint(t, "a break-in tries to")
	for _, st := range d.Stages {
		fmt.Fprintf(t, "\t%s", st.title())
	}
	fmt.Fprintln(t)
	for i, r := range d.Stages[0].Results {
		fmt.Fprint(t, r.Name)
		for _, st := range d.Stages {
			fmt.Fprintf(t, "\t%s", outcome(st.Results[i]))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprint(t, "what works")
	for _, st := range d.Stages {
		fmt.Fprintf(t, "\t%d of %d", st.works(), len(st.Results))
	}
	fmt.Fprintln(t)
	t.Flush()
}

// title is the head of a column.
func (st *demoStage) title() string {
	switch st.Phase {
	case "free", "init":
		return st.Phase
	}
	return st.Phase + ", " + st.Thread
}

func (st *demoStage) works() int {
	n := 0
	for _, r := range st.Results {
		if r.Worked {
			n++
		}
	}
	return n
}

// lacks lists what the kernel lacks, each once.
func (d *demonstration) lacks() []string {
	var all []string
	seen := map[string]bool{}
	for _, st := range d.Stages {
		for _, lack := range st.lacks() {
			if !seen[lack] {
				seen[lack] = true
				all = append(all, lack)
			}
		}
	}
	return all
}
