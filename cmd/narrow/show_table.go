package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// print writes the powers for people.
func (v *shownPolicy) print(w io.Writer) error {
	fmt.Fprintf(w, "policy %s on %s (of %s; any other ABI: %s)\n", v.Policy, v.Arch, strings.Join(v.Arches, ", "), v.Else)
	for _, name := range sortedKeys(v.Params) {
		fmt.Fprintf(w, "  param %s = %s\n", name, v.Params[name])
	}
	for _, ph := range v.Phases {
		if err := ph.print(w); err != nil {
			return err
		}
	}
	return nil
}

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
	if err := ph.printKept(w); err != nil {
		return err
	}
	if err := ph.printCalls(w); err != nil {
		return err
	}
	return ph.printConditions(w)
}

// printKept lists what is possible only until a later phase is entered.
func (ph *shownPhase) printKept(w io.Writer) error {
	if len(ph.Kept) == 0 {
		return nil
	}
	fmt.Fprintln(w, "  kept, as entering a later phase takes it:")
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, k := range ph.Kept {
		fmt.Fprintf(t, "    %s\tfor %s: %s\n", k.Call, k.Phase, k.Why)
	}
	return t.Flush()
}

// printCalls is the table call by thread class.
func (ph *shownPhase) printCalls(w io.Writer) error {
	union := unionOf(ph.Threads)
	fmt.Fprintf(w, "  %d calls possible over all threads\n\n", len(union))
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "  call")
	for _, th := range ph.Threads {
		fmt.Fprintf(t, "\t%s (%d)", threadTitle(th, len(ph.Threads)), len(th.Calls))
	}
	fmt.Fprintln(t)
	for _, call := range union {
		fmt.Fprintf(t, "  %s", call)
		for _, th := range ph.Threads {
			fmt.Fprintf(t, "\t%s", th.mark(call))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func threadTitle(th *shownThread, classes int) string {
	switch {
	case th.Name != "*":
		return th.Name
	case classes == 1:
		return "all threads"
	}
	return "other threads"
}

// mark is + for a call that is possible with any arguments, ~ with some.
func (th *shownThread) mark(call string) string {
	if _, ok := slices.BinarySearch(th.Some, call); ok {
		return "~"
	}
	if _, ok := slices.BinarySearch(th.Calls, call); ok {
		return "+"
	}
	return ""
}

// printConditions lists the rules that look at arguments, and every denial.
func (ph *shownPhase) printConditions(w io.Writer) error {
	for _, th := range ph.Threads {
		fmt.Fprintf(w, "\n  rules of %s that look at arguments or deny:\n", threadTitle(th, len(ph.Threads)))
		t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		for _, r := range th.Rules {
			if r.Verdict == "allow" && !strings.Contains(r.Call, "(") {
				continue
			}
			implied := ""
			if r.Implied {
				implied = "  (implied by this block)"
			}
			fmt.Fprintf(t, "    %s\t%s\t%s%s\n", r.Verdict, r.Call, r.Place, implied)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
