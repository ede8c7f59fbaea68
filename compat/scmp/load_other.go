//go:build !linux

package scmp

import "syscall"

// probeLevel: off Linux contexts can be built and exported as for the newest
// kernel, but not loaded.
func probeLevel() uint { return MaxLevel }

// Load is EOPNOTSUPP off Linux.
func (c *Context) Load() error {
	if err := c.check(); err != nil {
		return err
	}
	return syscall.EOPNOTSUPP
}

// Listener is -1: there is none off Linux.
func (k *Kernel) Listener() int { return -1 }
