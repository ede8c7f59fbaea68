package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/policy"
)

func newSets(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "sets [NAME]",
		Short:   "List the shipped sets of calls, or print one",
		Example: "  narrow sets\n  narrow sets @startup",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return printSet(s, args[0], asJSON)
			}
			return listSets(s, asJSON)
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func listSets(s *streams, asJSON bool) error {
	sets := policy.ShippedSets()
	if asJSON {
		return json.NewEncoder(s.out).Encode(sets)
	}
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	for _, set := range sets {
		fmt.Fprintf(w, "%s\t%s\n", set.Name, firstLine(set.Doc))
	}
	return w.Flush()
}

func printSet(s *streams, name string, asJSON bool) error {
	name = "@" + strings.TrimPrefix(name, "@")
	for _, set := range policy.ShippedSets() {
		if set.Name != name {
			continue
		}
		if asJSON {
			return json.NewEncoder(s.out).Encode(set)
		}
		_, err := fmt.Fprintln(s.out, strings.TrimRight(set.Text, "\n"))
		return err
	}
	return badInput(fmt.Errorf("no shipped set %s; `narrow sets` lists them", name))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
