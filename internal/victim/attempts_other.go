//go:build !linux

package victim

// Attempts needs Linux.
func Attempts(home, port string) []Result { return nil }

// Powers needs Linux.
func Powers(home, port string) []Result { return nil }
