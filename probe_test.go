package narrow_test

import (
	"testing"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/policy"
)

// Whatever is missing, there is a reason for it, and none for what is there.
func TestProbeGivesReasons(t *testing.T) {
	s := narrow.Probe()
	missing := 0
	for _, there := range []bool{s.Seccomp, s.Landlock > 0, s.WriteXorExecute} {
		if !there {
			missing++
		}
	}
	if s.Seccomp {
		missing += int(policy.Allow-policy.KillProcess) + 1 - len(s.Verdicts)
	}
	if missing != len(s.Lacks) {
		t.Errorf("%d missing, and the reasons are %v", missing, s.Lacks)
	}
}
