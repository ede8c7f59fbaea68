package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// newMan writes the manual pages, for packagers.
func newMan(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the manual pages into a folder",
		Example: "  narrow man ./man1 && man ./man1/narrow-run.1",
		Args:    cobra.ExactArgs(1),
		Hidden:  true,
		RunE: func(c *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return badInput(err)
			}
			// A fixed date keeps packages reproducible.
			date := time.Unix(0, 0).UTC()
			header := &doc.GenManHeader{Section: "1", Source: "narrow", Manual: "narrow", Date: &date}
			if err := doc.GenManTree(c.Root(), header, args[0]); err != nil {
				return badInput(err)
			}
			_, err := fmt.Fprintf(s.err, "manual pages are in %s\n", args[0])
			return err
		},
	}
}
