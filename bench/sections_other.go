//go:build !linux

package main

import "errors"

// childVariable is what a measured process of the section kernel finds its
// orders in, on Linux.
const childVariable = "NARROW_BENCH_CHILD"

func child(string) {}

// allSections are those that need no Linux.
func allSections() []section {
	return []section{
		{"policy", "from a policy's text to a program",
			"in one process, each round from the text on", policyRows},
		{"command", "the command, as whole processes",
			"from start to end, output to a file", commandRows},
		{"vm", "the virtual machine",
			"one run of a program on a call; without narrow it is golang.org/x/net/bpf's machine, or libseccomp's", vmRows},
		{"assembler", "assembler and disassembler",
			"lines a second, in the best round; without narrow it is bpfc, a process for each program", assemblerRows},
	}
}

func reportsOf(string) func(*bench) ([]report, error) { return nil }

func record(*bench) error { return errors.New("recording traces needs Linux and strace") }
