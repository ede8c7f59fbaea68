package main

import (
	"bytes"
	"strings"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// formatProgram writes prog in one of asm.Writable's formats; text is another
// name of the listing.
func formatProgram(to string, prog bpf.Program) ([]byte, error) {
	if to == "text" {
		to = asm.Text
	}
	var b bytes.Buffer
	if err := asm.Write(&b, to, prog); err != nil {
		return nil, usage("%v", err)
	}
	return b.Bytes(), nil
}

// programFormats lists the formats of a program for a flag's help.
func programFormats() string { return strings.Join(asm.Writable(), ", ") }
