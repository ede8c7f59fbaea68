package main

import (
	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/bpf/asm"
)

func newDisasm(s *streams) *cobra.Command {
	var from, to, output string
	c := &cobra.Command{
		Use:   "disasm [FILE]",
		Short: "Take a program apart",
		Long: `Disasm reads a program from FILE or standard input and prints it for people, or
in another format. What format the input has is told by the file's ending, by
--from, or else by its look.`,
		Example: `  narrow disasm filter.raw
  narrow disasm --from c --to asm <filter.c
  narrow disasm --to dot filter.json | dot -Tsvg >filter.svg`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			prog, err := readProgram(s, fileOrStdin(args), from)
			if err != nil {
				return err
			}
			text, err := formatProgram(to, prog)
			if err != nil {
				return err
			}
			return writeOutput(s.out, output, text)
		},
	}
	fromFlag(c, &from)
	c.Flags().StringVar(&to, "to", asm.Text, "the output `FORMAT`: "+programFormats())
	c.Flags().StringVarP(&output, "output", "o", "", "write to `FILE` instead of standard output")
	return c
}
