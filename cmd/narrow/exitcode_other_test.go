//go:build !unix

package main

import "os/exec"

func exitCode(e *exec.ExitError) int { return e.ExitCode() }
