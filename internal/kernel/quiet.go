package kernel

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// QuietRuntime readies Go's runtime for a thread that never comes back to its
// scheduler: no garbage collection will wait for that thread, and there is a
// processor for the others besides the one that it keeps. It is for a process
// that is about to become another program; nothing undoes it.
func QuietRuntime() {
	if runtime.GOMAXPROCS(0) < 2 {
		runtime.GOMAXPROCS(2)
	}
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(math.MaxInt64)
	if percent < 0 && (limit == math.MaxInt64 || neverCollected(limit)) {
		return // it is quiet already
	}
	// A cycle may be about to begin all the same: one more waits for it. And the
	// end of a cycle visits every processor, for which it would wait for ever. It
	// holds the world until then, which reading the statistics stops
	// (runtime/mgc.go:gcStart, gcMarkTermination).
	runtime.GC()
	runtime.ReadMemStats(new(runtime.MemStats))
}

// neverCollected reports whether there was no cycle, and none can be about to
// begin: where only a limit of memory begins one, and that is far.
func neverCollected(limit int64) bool {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/memory/classes/total:bytes"}}
	metrics.Read(samples) // runtime.ReadMemStats would empty every processor's cache of memory
	for _, s := range samples {
		if s.Value.Kind() != metrics.KindUint64 {
			return false // not known to this runtime
		}
	}
	return samples[0].Value.Uint64() == 0 && samples[1].Value.Uint64() < uint64(limit)/2
}
