package seccomp

import (
	"syscall"

	"github.com/narrow-sandbox/narrow/policy"
)

// Verdict is what becomes of a call.
type Verdict = policy.Verdict

// Allow lets the call run (SCMP_ACT_ALLOW).
func Allow() Verdict { return Verdict{Kind: policy.Allow} }

// Log lets the call run and has the kernel note it (SCMP_ACT_LOG).
func Log() Verdict { return Verdict{Kind: policy.Log} }

// Trace asks a tracer, which is told n (SCMP_ACT_TRACE).
func Trace(n uint16) Verdict { return Verdict{Kind: policy.Trace, Data: n} }

// Notify asks whoever has the filter's listener (SCMP_ACT_NOTIFY).
func Notify() Verdict { return Verdict{Kind: policy.Notify} }

// Errno answers with an error (SCMP_ACT_ERRNO), of 4095 at most.
func Errno(e syscall.Errno) Verdict {
	return Verdict{Kind: policy.Errno, Data: uint16(min(uint64(e), 1<<16-1))}
}

// Trap sends SIGSYS, with n as its si_errno (SCMP_ACT_TRAP).
func Trap(n uint16) Verdict { return Verdict{Kind: policy.Trap, Data: n} }

// KillThread ends the thread (SCMP_ACT_KILL_THREAD).
func KillThread() Verdict { return Verdict{Kind: policy.KillThread} }

// KillProcess ends the process (SCMP_ACT_KILL_PROCESS).
func KillProcess() Verdict { return Verdict{Kind: policy.KillProcess} }
