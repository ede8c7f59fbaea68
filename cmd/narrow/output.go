package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// formatProgram writes prog in one of asm.Writable's formats; text is another
// name of the listing.
func formatProgram(to string, prog bpf.Program) ([]byte, error) {
	return formatProgramOn(nil, to, prog)
}

// formatProgramOn is formatProgram with notes as for calls of arch, if that is
// not nil.
func formatProgramOn(arch *abi.Arch, to string, prog bpf.Program) ([]byte, error) {
	if to == "text" {
		to = asm.Text
	}
	text, err := asm.AppendOn(arch, nil, to, prog)
	if err != nil {
		return nil, usage("%v", err)
	}
	return text, nil
}

// toFlag adds --to, and its short forms for pictures.
func toFlag(c *cobra.Command, to *string, fallback, formats string) {
	c.Flags().StringVar(to, "to", fallback, "the output `FORMAT`: "+formats)
	for _, format := range []string{asm.Dot, asm.SVG} {
		c.Flags().BoolFunc(format, "short for --to "+format, func(string) error {
			*to = format
			return nil
		})
	}
}

// programFormats lists the formats of a program for a flag's help.
func programFormats() string { return strings.Join(asm.Writable(), ", ") }
