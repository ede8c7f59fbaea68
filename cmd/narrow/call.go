package main

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// parseCall reads a call in the notation and makes it concrete on arch: the
// smallest arguments that fit, 0 where the notation leaves them open.
func parseCall(text string, arch *abi.Arch) (bpf.Data, error) {
	pattern, err := parsePattern(text, arch)
	if err != nil {
		return bpf.Data{}, err
	}
	data, ok := pattern.Example(arch)
	if !ok {
		return bpf.Data{}, badInput(fmt.Errorf("%s: no call on %s fits this", text, arch.Name))
	}
	return data, nil
}

// parsePattern reads a call in the notation on arch.
func parsePattern(text string, arch *abi.Arch) (*policy.Pattern, error) {
	expr, err := policy.ParseCall(text)
	if err != nil {
		return nil, badCall(text, err)
	}
	pattern, err := policy.ResolvePattern([]*abi.Arch{arch}, expr)
	if err != nil {
		return nil, badCall(text, err)
	}
	return pattern, nil
}

// badCall names the call in the places of its errors, as no file can.
func badCall(text string, err error) error {
	var list policy.ErrorList
	if !errors.As(err, &list) {
		return badInput(fmt.Errorf("%s: %w", kernel.Printable(text), err))
	}
	named := make(policy.ErrorList, len(list))
	for i, e := range list {
		c := *e
		c.Pos.File = kernel.Printable(text)
		named[i] = &c
	}
	return badInput(named)
}
