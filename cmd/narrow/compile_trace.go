package main

import (
	"io"
	"os"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/policy"
	"github.com/narrow-sandbox/narrow/trace"
)

// readTraces are the calls counted in some files, on the architectures of rules.
func readTraces(s *streams, files []string, rules *policy.Rules) ([]compile.Weight, error) {
	var arches []*abi.Arch
	for _, a := range rules.Arches {
		arches = append(arches, a.Arch)
	}
	t := trace.New(arches...)
	for _, file := range files {
		if err := addTrace(s, t, file); err != nil {
			return nil, badInput(err)
		}
	}
	var weights []compile.Weight
	for _, c := range t.Calls() {
		weights = append(weights, compile.Weight{Call: c.Call, Count: c.Count})
	}
	return weights, nil
}

// addTrace reads one file, `-` for standard input, however long it is.
func addTrace(s *streams, t *trace.Trace, file string) error {
	in := io.Reader(s.in)
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	return t.Read(inputName(file), in)
}
