//go:build linux

package launch_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/policy"
)

// starts measures how long `true` takes from fork to its end, free and
// narrowed, in turns, and returns the medians.
func starts(t testing.TB, rounds int, j job, env ...string) (free, narrowed time.Duration) {
	var all [2][]time.Duration
	for range rounds {
		for i, c := range []*exec.Cmd{exec.Command("/bin/true"), j.command("/bin/true")} {
			if c.Env == nil {
				c.Env = os.Environ()
			}
			c.Env = append(c.Env, env...)
			from := time.Now()
			if err := runSoon(c); err != nil {
				t.Fatal(err)
			}
			all[i] = append(all[i], time.Since(from))
		}
	}
	for i := range all {
		slices.Sort(all[i])
	}
	return all[0][rounds/2], all[1][rounds/2]
}

// every is a policy with every layer.
func every() draft {
	d := noExec
	d.Process = policy.ProcessRules{SetDescriptors: true, Descriptors: ranges(0, 2), WriteXorExecute: true, SetCapabilities: true,
		Limits: []policy.Limit{{Name: "CORE"}}}
	d.Files = files(system)
	d.Network = []*policy.NetworkRules{{Bind: ranges(11211, 11211)}}
	return d
}

// kinds are what may change how Go's runtime comes in between.
var kinds = map[string][]string{"as it is": nil, "one processor for Go": {"GOMAXPROCS=1"}, "much collection": {"GOGC=1"}}

// A program is started however the runtime is set up. How long that takes is
// for BenchmarkStart to say: it depends on what else the machine does.
func TestStartOfEachKind(t *testing.T) {
	for name, env := range kinds {
		free, narrowed := starts(t, 21, job{Draft: every()}, env...)
		t.Logf("%s: free %v, narrowed %v", name, free, narrowed)
	}
}

func BenchmarkStart(b *testing.B) {
	for name, env := range kinds {
		b.Run(name, func(b *testing.B) { benchmarkStart(b, env) })
	}
}

func benchmarkStart(b *testing.B, env []string) {
	var free, narrowed time.Duration
	for b.Loop() {
		f, n := starts(b, 1, job{Draft: every()}, env...)
		free, narrowed = free+f, narrowed+n
	}
	b.ReportMetric(float64(free.Microseconds())/float64(b.N), "free-µs")
	b.ReportMetric(float64(narrowed.Microseconds())/float64(b.N), "narrowed-µs")
	b.ReportMetric(float64((narrowed-free).Microseconds())/float64(b.N), "added-µs")
}
