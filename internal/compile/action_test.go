package compile

import (
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// TestAction has the numbers of linux/seccomp.h; data stands in those that the
// kernel hands on.
func TestAction(t *testing.T) {
	for kind, want := range map[policy.Kind]bpf.Action{
		policy.KillProcess: 0x80000000,
		policy.KillThread:  0x00000000,
		policy.Trap:        0x00030007,
		policy.Errno:       0x00050007,
		policy.Notify:      0x7fc00000,
		policy.Trace:       0x7ff00007,
		policy.Log:         0x7ffc0000,
		policy.Allow:       0x7fff0000,
	} {
		if got := action(policy.Verdict{Kind: kind, Data: 7}); got != want {
			t.Errorf("%v 7: %#x, want %#x", kind, uint32(got), uint32(want))
		}
	}
}
