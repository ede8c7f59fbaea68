//go:build linux && !amd64 && !arm64

package tracer

// behindCall would need to know the machine's instructions.
func (m *maps) behindCall(uint64) bool { return true }
