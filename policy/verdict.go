package policy

import (
	"fmt"
	"strconv"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// Kind is what happens to a call, from the least to the most strict: the
// order in which the kernel ranks the results of stacked filters.
type Kind uint8

// The kinds of verdict. The zero Kind is the strictest, so that a forgotten
// verdict fails closed; use Rank for the order.
const (
	KillProcess Kind = iota
	KillThread
	Trap
	Errno
	Notify
	Trace
	Log
	Allow
)

var kindNames = [...]string{"kill-process", "kill-thread", "trap", "errno", "notify", "trace", "log", "allow"}

// kindActions are the kernel's actions, in the order of the kinds.
var kindActions = [...]bpf.Action{
	bpf.RetKillProcess, bpf.RetKillThread, bpf.RetTrap, bpf.RetErrno,
	bpf.RetUserNotif, bpf.RetTrace, bpf.RetLog, bpf.RetAllow,
}

// String is the keyword of the language.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", k)
	}
	return kindNames[k]
}

// Runs reports whether the call may still run: allow, log, trace and notify.
func (k Kind) Runs() bool { return k >= Notify }

// Rank is the kernel's order, 0 for allow, the least strict, to 7 for
// kill-process.
func (k Kind) Rank() int { return int(Allow) - int(k) }

// hasData reports whether the kind takes a number: the language's N.
func (k Kind) hasData() bool { return k == Errno || k == Trap || k == Trace }

// Verdict is a Kind with its 16 bits of data: the errno, the signal's si_errno
// for trap, the message for trace. The zero Verdict is kill-process.
type Verdict struct {
	Kind Kind
	Data uint16
}

// Stricter reports whether the kernel prefers v to w when stacked filters
// return both. Data never counts.
func (v Verdict) Stricter(w Verdict) bool { return v.Kind < w.Kind }

// Action is what a seccomp program returns for the verdict. A Kind that is
// none of the constants kills the process.
func (v Verdict) Action() bpf.Action {
	if int(v.Kind) >= len(kindActions) {
		return bpf.RetKillProcess
	}
	return kindActions[v.Kind] | bpf.Action(v.Data)
}

// VerdictOf is the verdict that the kernel makes of what a program returned:
// an unknown action kills the process, an errno beyond 4095 is 4095, and data
// that nobody receives is 0.
func VerdictOf(a bpf.Action) Verdict {
	a = a.Effect()
	for k, action := range kindActions {
		if a.Kind() == action {
			return Verdict{Kind(k), a.Data()}
		}
	}
	return Verdict{}
}

// String is the verdict as a policy writes it: `allow`, `errno EPERM`,
// `trap 7`. An errno is named as on most architectures; mips has numbers of
// its own from 35 on, for which Format knows the name.
func (v Verdict) String() string { return v.Format(nil) }

// Format is String with the errno's name on an architecture, which may be nil.
func (v Verdict) Format(a *abi.Arch) string {
	switch {
	case v.Kind == Errno:
		return "errno " + errnoName(a, v.Data)
	case v.Kind.hasData() && v.Data != 0:
		return v.Kind.String() + " " + strconv.Itoa(int(v.Data))
	}
	return v.Kind.String()
}
