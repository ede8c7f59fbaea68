package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/abi"
)

func newVersion(s *streams) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version and how far the call tables reach",
		Example: "  narrow version --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if asJSON {
				return json.NewEncoder(s.out).Encode(map[string]string{
					"version": narrow.Version, "linux": abi.Current().String(), "go": runtime.Version(),
				})
			}
			_, err := fmt.Fprintf(s.out, "narrow %s, system calls up to Linux %s, %s\n", narrow.Version, abi.Current(), runtime.Version())
			return err
		},
	}
	jsonFlag(c, &asJSON)
	return c
}

func jsonFlag(c *cobra.Command, v *bool) {
	c.Flags().BoolVar(v, "json", false, "print JSON")
}
