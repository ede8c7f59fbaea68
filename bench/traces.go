package main

import (
	"os"
	"path/filepath"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/trace"
)

// readTrace is the counted calls of a program in traces/, on x86_64.
func readTrace(name string) ([]trace.Counted, error) {
	path := filepath.Join("traces", name+".txt")
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x86, _ := abi.ByName("x86_64")
	t := trace.New(x86)
	if err := t.Read(path, f); err != nil {
		return nil, err
	}
	return t.Calls(), nil
}
