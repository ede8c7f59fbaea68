package abi

import "runtime"

// Native returns the architecture that this program is built for, nil if the
// tables lack it.
func Native() *Arch {
	a, _ := ByName(runtime.GOARCH)
	return a
}
