package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/internal/victim"
)

// victimVerb is the hidden verb with which demo runs itself as the program
// that has been broken into.
const victimVerb = "__victim"

func newVictim(s *streams) *cobra.Command {
	return &cobra.Command{
		Use:    victimVerb + " HOME PORT",
		Hidden: true,
		Args:   cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			return json.NewEncoder(s.out).Encode(victim.Attempts(args[0], args[1]))
		},
	}
}
