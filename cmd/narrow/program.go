package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// programEndings tell a program from a policy by its file's name.
var programEndings = map[string]string{".bpf": asm.Asm, ".raw": asm.Raw, ".json": asm.JSON}

func fromFlag(c *cobra.Command, from *string) {
	c.Flags().StringVar(from, "from", "", "read a program of this `FORMAT` (or `oci`, a container's profile), whatever the file's name ends in")
}

// isProgram reports whether arg, in the format from if that is not empty, is a
// program rather than a policy: by its name's ending, but that a .json may also
// be a container's profile.
func isProgram(arg, from string) bool {
	if from != "" {
		return from != formatOCI
	}
	ending, ok := programEndings[filepath.Ext(arg)]
	return ok && !(ending == asm.JSON && isProfile(arg))
}

// readInput reads the file arg, `-` for standard input.
func readInput(s *streams, arg string) (text []byte, err error) {
	if arg == "-" {
		text, err = readAll(s.in)
	} else {
		text, err = readFile(arg)
	}
	if err != nil {
		return nil, badInput(err)
	}
	s.unread = &source{inputName(arg), text, "."} // errors mark places in it
	return text, nil
}

// inputName is what errors call the file arg.
func inputName(arg string) string {
	if arg == "-" {
		return "<stdin>"
	}
	return arg
}

// formatOf is the format that a program is read in: --from, or what its name
// ends in; "" is to be told by its look.
func formatOf(arg, from string) string {
	if from != "" {
		return from
	}
	return programEndings[filepath.Ext(arg)]
}

// readProgram reads the program in the file arg.
func readProgram(s *streams, arg, from string) (bpf.Program, error) {
	text, err := readInput(s, arg)
	if err != nil {
		return nil, err
	}
	prog, err := asm.Read(formatOf(arg, from), inputName(arg), text)
	var format *asm.FormatError
	if errors.As(err, &format) {
		return nil, usage("--from: %v", err)
	}
	if err != nil {
		return nil, badInput(err)
	}
	return prog, nil
}

// readPlaced is readProgram with the places of the instructions, where the
// program is a text that has some.
func readPlaced(s *streams, arg, from string) (bpf.Program, func(pc int) string, error) {
	if formatOf(arg, from) != asm.Asm {
		prog, err := readProgram(s, arg, from)
		return prog, func(int) string { return inputName(arg) }, err
	}
	text, err := readInput(s, arg)
	if err != nil {
		return nil, nil, err
	}
	// The kernel is asked by the caller, and it shall see what is written.
	assembly, err := asm.Assemble(inputName(arg), text, asm.Options{Bypass: true})
	if err != nil {
		return nil, nil, badInput(err)
	}
	place := func(pc int) string {
		if pc < 0 || pc >= len(assembly.Program) {
			return inputName(arg)
		}
		return assembly.Place(pc).String()
	}
	return assembly.Program, place, nil
}
