package main

import (
	"encoding/json"
	"errors"

	"github.com/narrow-sandbox/narrow/bpf/asm"
)

// wireAssembly is the JSON of what the assembler says of a text.
type wireAssembly struct {
	Program  [][4]uint32   `json:"program"` // code, jt, jf, k; empty if there are errors
	Errors   []wireProblem `json:"errors"`
	Warnings []wireProblem `json:"warnings"`
}

// wireProblem is an error or a warning with its place.
type wireProblem struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Col  int    `json:"col"`
	What string `json:"what"`
	Hint string `json:"hint,omitempty"`
}

// assemblyJSON is the program with what is wrong.
func assemblyJSON(a *asm.Assembly, err error) []byte {
	w := wireAssembly{Program: [][4]uint32{}, Errors: []wireProblem{}, Warnings: []wireProblem{}}
	for _, i := range a.Program {
		w.Program = append(w.Program, [4]uint32{uint32(i.Code), uint32(i.Jt), uint32(i.Jf), i.K})
	}
	for _, warning := range a.Warnings {
		p := warning.Pos
		w.Warnings = append(w.Warnings, wireProblem{p.File, p.Line, p.Col, warning.What, ""})
	}
	var list asm.ErrorList
	errors.As(err, &list)
	for _, e := range list {
		w.Errors = append(w.Errors, wireProblem{e.Pos.File, e.Pos.Line, e.Pos.Col, e.What, e.Hint})
	}
	text, _ := json.Marshal(w) // numbers and strings
	return append(text, '\n')
}

// silent is err's exit status without its words, which were told already.
func silent(err error) error {
	var status *statusError
	if errors.As(err, &status) {
		return &statusError{status: status.status}
	}
	return err
}
