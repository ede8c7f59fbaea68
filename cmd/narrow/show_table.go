package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// print writes the powers for people: a table of all, then each phase.
func (v *shownPolicy) print(w io.Writer) error {
	fmt.Fprintf(w, "policy %s on %s (of %s; any other ABI: %s)\n", v.Policy, v.Arch, strings.Join(v.Arches, ", "), v.Else)
	for _, name := range sortedKeys(v.Params) {
		fmt.Fprintf(w, "  param %s = %s\n", name, v.Params[name])
	}
	if err := v.printTable(w); err != nil {
		return err
	}
	for _, ph := range v.Phases {
		if err := ph.print(w); err != nil {
			return err
		}
	}
	return nil
}

// printTable is a line for each phase and thread class, and for all threads.
func (v *shownPolicy) printTable(w io.Writer) error {
	fmt.Fprintln(w)
	t := newTable(w)
	fmt.Fprintln(t, "  phase\tthread\tcalls\tby argument\tdangerous (~ only with some arguments)")
	for _, ph := range v.Phases {
		name := ph.Name
		for _, th := range ph.Threads {
			th.row(t, name, ph.title(th))
			name = ""
		}
		if len(ph.Threads) > 1 {
			ph.All.row(t, name, "all together")
		}
	}
	return t.Flush()
}

// mostDangers is how many dangerous calls the table names of a thread; more
// are counted, and the list below has them all.
const mostDangers = 16

func (p *shownPowers) row(w io.Writer, phase, thread string) {
	fmt.Fprintf(w, "  %s\t%s\t%d\t%d\t%s\n", phase, thread, len(p.Calls), len(p.Some), p.dangers(mostDangers))
}

func newTable(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 8, 2, ' ', 0) }

func (ph *shownPhase) print(w io.Writer) error {
	fmt.Fprintf(w, "\nphase %s", ph.Name)
	if ph.After != "" {
		fmt.Fprintf(w, " after %s", ph.After)
	}
	fmt.Fprintln(w)
	for _, layer := range ph.Layers {
		for _, line := range layer.Does {
			fmt.Fprintf(w, "  %s: %s\n", layer.Layer, line)
		}
	}
	if len(ph.Files) > 0 {
		fmt.Fprintln(w, "  not enforced: stat and access of any path stay possible")
	}
	for _, l := range ph.Labels {
		fmt.Fprintf(w, "  label %s\n", l)
	}
	for _, part := range []func(io.Writer) error{ph.printKept, ph.printCalls, ph.printRules} {
		if err := part(w); err != nil {
			return err
		}
	}
	return nil
}

// printKept lists what is possible only until a later phase is entered.
func (ph *shownPhase) printKept(w io.Writer) error {
	if len(ph.Kept) == 0 {
		return nil
	}
	fmt.Fprintln(w, "  kept, as entering a later phase takes it:")
	t := newTable(w)
	for _, k := range ph.Kept {
		fmt.Fprintf(t, "    %s\tfor %s: %s\n", k.Call, k.Phase, k.Why)
	}
	return t.Flush()
}

// printCalls is the table call by thread class.
func (ph *shownPhase) printCalls(w io.Writer) error {
	fmt.Fprintf(w, "  %d calls possible over all threads\n\n", len(ph.All.Calls))
	t := newTable(w)
	fmt.Fprint(t, "  call")
	for _, th := range ph.Threads {
		fmt.Fprintf(t, "\t%s (%d)", ph.title(th), len(th.Calls))
	}
	fmt.Fprintln(t)
	for _, call := range ph.All.Calls {
		fmt.Fprintf(t, "  %s", call)
		for _, th := range ph.Threads {
			fmt.Fprintf(t, "\t%s", th.mark(call))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
