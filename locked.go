package narrow

import (
	"bytes"
	"runtime"
)

// locked reports whether the calling goroutine is locked to its thread. Go
// tells it nowhere but in the first line of a stack trace:
// "goroutine 7 [running, locked to thread]:" (runtime.goroutineheader).
func locked() bool {
	var trace [96]byte
	line, _, _ := bytes.Cut(trace[:runtime.Stack(trace[:], false)], []byte("\n"))
	return bytes.Contains(line, []byte(", locked to thread]"))
}
