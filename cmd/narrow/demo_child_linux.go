package main

import (
	"os/exec"
	"syscall"
)

// dieWithParent ends the child if this process, whose main goroutine stays on
// its first thread, is killed.
func dieWithParent(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
