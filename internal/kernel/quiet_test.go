package kernel

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience bounds every wait, for a machine that does much else.
const patience = 2 * time.Minute

// TestQuietRuntime spins where nothing can stop it, at some moment of a garbage
// collection: all other goroutines must go on. It needs processes of its own,
// whose collector stays off.
func TestQuietRuntime(t *testing.T) {
	const inside = "NARROW_QUIET_TEST"
	if os.Getenv(inside) != "" {
		spinQuietly()
		return
	}
	runs := 40
	if testing.Short() {
		runs = 8
	}
	for range runs {
		ctx, cancel := context.WithTimeout(t.Context(), patience) // one that hangs cannot even time out by itself
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestQuietRuntime$")
		cmd.Env = append(os.Environ(), inside+"=1", "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=2")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v within %v\n%s", err, patience, out)
		}
	}
}

// spinQuietly quiets the runtime while there is garbage, and then waits for
// another goroutine without letting go of its processor.
func spinQuietly() {
	var enough atomic.Bool
	var garbage sync.WaitGroup
	garbage.Go(func() {
		for !enough.Load() {
			_ = make([]*int, 1<<14)
		}
	})
	time.Sleep(time.Duration(rand.IntN(4000)) * time.Microsecond) // another moment of a cycle each time
	QuietRuntime()
	enough.Store(true)
	var done atomic.Bool
	go func() {
		garbage.Wait()
		done.Store(true)
	}()
	spin(&done)
}

// spin waits as Start.run does, but for the goroutine that sets done.
//
//go:nosplit
//go:norace
func spin(done *atomic.Bool) {
	for !done.Load() {
	}
}
