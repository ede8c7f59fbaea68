package scmp

import (
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// Action is what a program returns to the kernel: a SECCOMP_RET_* value with
// its data in the low 16 bits.
type Action uint32

// The actions, without data (seccomp.h: SCMP_ACT_*).
const (
	KillProcess = Action(bpf.RetKillProcess)
	KillThread  = Action(bpf.RetKillThread)
	Trap        = Action(bpf.RetTrap)
	Errno       = Action(bpf.RetErrno)
	Notify      = Action(bpf.RetUserNotif)
	Trace       = Action(bpf.RetTrace)
	Log         = Action(bpf.RetLog)
	Allow       = Action(bpf.RetAllow)
)

// maxErrno bounds what Errno may carry; libseccomp leaves out the last one.
const maxErrno = 4095

// split parts the kind of action from its data.
func (a Action) split() (kind Action, data uint16) {
	return a &^ 0xffff, uint16(a)
}

// wellFormed reports whether libseccomp takes the action at all, on a kernel
// that has everything.
func (a Action) wellFormed() bool {
	switch kind, data := a.split(); kind {
	case Trace:
		return true
	case Errno:
		return data < maxErrno
	case KillProcess, KillThread, Trap, Notify, Log, Allow:
		return data == 0
	}
	return false
}

// verdict is the action in the language.
func (a Action) verdict() policy.Verdict {
	kind, data := a.split()
	v := policy.Verdict{Data: data}
	switch kind {
	case KillThread:
		v.Kind = policy.KillThread
	case Trap:
		v.Kind = policy.Trap
	case Errno:
		v.Kind = policy.Errno
	case Notify:
		v.Kind = policy.Notify
	case Trace:
		v.Kind = policy.Trace
	case Log:
		v.Kind = policy.Log
	case Allow:
		v.Kind = policy.Allow
	}
	return v
}
