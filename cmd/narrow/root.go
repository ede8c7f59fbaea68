package main

import (
	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow"
)

// newRoot builds the command with all its verbs.
func newRoot(s *streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "narrow",
		Short: "Run Linux programs so that they can only do what they are for",
		Long: `narrow gives a Linux program the smallest set of powers it needs, from one
readable policy: which system calls, with which arguments, which files and
which ports. It runs unmodified programs under a policy, and it shows,
explains, simulates and checks policies.

POLICY is a path, the name of a shipped profile, or - for standard input.`,
		Example: `  narrow demo
  narrow run memcached -- memcached -p 11211
  narrow check my.narrow
  narrow explain my.narrow 'socket(family == AF_INET)'`,
		Version:           narrow.Version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SetVersionTemplate("narrow {{.Version}}\n")
	root.AddCommand(
		newRun(s), newEnter(s), newCheck(s), newShow(s), newCompile(s), newSim(s), newExplain(s),
		newAsm(s), newDisasm(s), newDiff(s), newImport(s), newStatus(s),
		newFmt(s), newSets(s), newDemo(s), newVersion(s), newMan(s),
		newVictim(s), newCache(s),
	)
	return root
}
