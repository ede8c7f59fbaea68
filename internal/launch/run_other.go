//go:build !linux

package launch

import "github.com/narrow-sandbox/narrow/internal/kernel"

// Run needs Linux.
func Run(Config) error { return setup(kernel.ErrNotSupported) }

// Beside needs Linux.
func Beside(args []string) int { return StatusSetup }
