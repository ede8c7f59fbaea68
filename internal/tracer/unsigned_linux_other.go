//go:build linux && !arm64

package tracer

// unsigned is a return address from the stack, of which nothing is a signature.
func unsigned(address uint64) uint64 { return address }
