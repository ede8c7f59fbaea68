package main

import (
	"os"
	"runtime"
	"runtime/debug"
)

// most is how far the heap of a command may grow before garbage is collected in
// it. Nearly all commands end before, and collecting by then takes a tenth of
// their time.
const most = 16 << 20

// collectLate puts the first collection off; from then on all is as usual.
// What the user's environment says stands.
func collectLate() {
	if os.Getenv("GOGC") != "" {
		return
	}
	const least = 4 << 20 // runtime/mgcpacer.go:defaultHeapMinimum, at 100 percent
	debug.SetGCPercent(100 * most / least)
	runtime.AddCleanup(new([32]byte), collectAsUsual, 100)
}

// collectAsUsual is called by the first collection. Where all collection was
// ended meanwhile, it stays so.
func collectAsUsual(percent int) {
	if debug.SetGCPercent(percent) < 0 {
		debug.SetGCPercent(-1)
	}
}

// collectNever is for a process that will be another program before its garbage
// matters, and that must end all collection anyhow (kernel.QuietRuntime), which
// is quickest if there was none.
func collectNever() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(16 * most) // but for a policy that is huge
	debug.SetGCPercent(-1)
}
