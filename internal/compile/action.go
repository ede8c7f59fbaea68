package compile

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// actions are what the kernel calls the kinds of verdict.
var actions = [...]bpf.Action{
	policy.KillProcess: bpf.RetKillProcess,
	policy.KillThread:  bpf.RetKillThread,
	policy.Trap:        bpf.RetTrap,
	policy.Errno:       bpf.RetErrno,
	policy.Notify:      bpf.RetUserNotif,
	policy.Trace:       bpf.RetTrace,
	policy.Log:         bpf.RetLog,
	policy.Allow:       bpf.RetAllow,
}

// action is what a filter returns for v. Data stands in it only where the
// kernel looks at it: anything but 0x7fff0000 whole would keep an allow out of
// the constant-action bitmap.
func action(v policy.Verdict) bpf.Action {
	switch v.Kind {
	case policy.Trap, policy.Errno, policy.Trace:
		return actions[v.Kind] | bpf.Action(v.Data)
	}
	return actions[v.Kind]
}
