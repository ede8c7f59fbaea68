package bpf_test

import (
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
)

// TestActionString holds names and data.
func TestActionString(t *testing.T) {
	for action, want := range map[bpf.Action]string{
		bpf.RetKillProcess:     "SECCOMP_RET_KILL_PROCESS",
		bpf.RetKillThread:      "SECCOMP_RET_KILL_THREAD",
		bpf.RetTrap | 5:        "SECCOMP_RET_TRAP|5",
		bpf.RetErrno | 1:       "SECCOMP_RET_ERRNO|1",
		bpf.RetErrno:           "SECCOMP_RET_ERRNO",
		bpf.RetUserNotif:       "SECCOMP_RET_USER_NOTIF",
		bpf.RetTrace | 0xffff:  "SECCOMP_RET_TRACE|65535",
		bpf.RetLog:             "SECCOMP_RET_LOG",
		bpf.RetAllow:           "SECCOMP_RET_ALLOW",
		bpf.RetAllow | 1:       "SECCOMP_RET_ALLOW|1",
		0x00010000:             "0x10000",
		bpf.RetKillProcess + 1: "SECCOMP_RET_KILL_PROCESS|1",
	} {
		if got := action.String(); got != want {
			t.Errorf("%#x: got %q, want %q", uint32(action), got, want)
		}
	}
}

// TestActionOrder holds DESIGN's order of verdicts.
func TestActionOrder(t *testing.T) {
	order := []bpf.Action{
		bpf.RetKillProcess, bpf.RetKillThread, bpf.RetTrap, bpf.RetErrno,
		bpf.RetUserNotif, bpf.RetTrace, bpf.RetLog, bpf.RetAllow,
	}
	for i, a := range order {
		for j, b := range order {
			if got := (a | 7).Stricter(b | 9); got != (i < j) {
				t.Errorf("%v stricter than %v: %v", a, b, got)
			}
		}
		if !a.Known() || (a|3).Kind() != a || (a|3).Data() != 3 {
			t.Errorf("%v: known %v, kind %v, data %d", a, a.Known(), (a | 3).Kind(), (a | 3).Data())
		}
	}
	if bpf.Action(0x00010000).Known() {
		t.Error("0x10000 is known")
	}
}
