package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// programEndings tell a program from a policy by its file's name.
var programEndings = map[string]string{".bpf": "asm", ".raw": "raw", ".json": "json"}

func fromFlag(c *cobra.Command, from *string) {
	c.Flags().StringVar(from, "from", "", "read a program of this `FORMAT`, whatever the file's name ends in")
}

// isProgram reports whether path names a program rather than a policy.
func isProgram(path string) bool {
	_, ok := programEndings[filepath.Ext(path)]
	return ok
}

// readProgram reads the program in the file arg, `-` for standard input.
func readProgram(s *streams, arg, from string) (bpf.Program, error) {
	var text []byte
	var err error
	if arg == "-" {
		text, err = readAll(s.in)
	} else {
		text, err = readFile(arg)
	}
	if err != nil {
		return nil, badInput(err)
	}
	if from == "" {
		from = programEndings[filepath.Ext(arg)]
	}
	prog, err := asm.Read(from, arg, text)
	if err != nil {
		return nil, badInput(err)
	}
	return prog, nil
}
