package policy

import "fmt"

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

// String is the keyword of the language.
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", k)
	}
	return kindNames[k]
}

// Runs reports whether the call may still run: allow, log, trace and notify.
func (k Kind) Runs() bool { return k >= Notify }

// Verdict is a Kind with its 16 bits of data: the errno, the signal's si_errno
// for trap, the message for trace. The zero Verdict is kill-process.
type Verdict struct {
	Kind Kind
	Data uint16
}

// Stricter reports whether the kernel prefers v to w when stacked filters
// return both. Data never counts.
func (v Verdict) Stricter(w Verdict) bool { return v.Kind < w.Kind }
