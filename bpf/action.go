package bpf

import "strconv"

// Action is the value that a seccomp program returns: what the kernel is to do
// with the call in the upper 16 bits, data for it in the lower 16. Source:
// linux/seccomp.h, seccomp(2).
type Action uint32

// The actions, from the strictest to the laxest.
const (
	RetKillProcess Action = 0x80000000 // SECCOMP_RET_KILL_PROCESS: the whole process dies of SIGSYS; since 4.14
	RetKillThread  Action = 0x00000000 // SECCOMP_RET_KILL_THREAD: the calling thread dies
	RetTrap        Action = 0x00030000 // SECCOMP_RET_TRAP: SIGSYS with the data in si_errno, the call is skipped
	RetErrno       Action = 0x00050000 // SECCOMP_RET_ERRNO: the call returns the data as its error, at most 4095
	RetUserNotif   Action = 0x7fc00000 // SECCOMP_RET_USER_NOTIF: the listener decides; ENOSYS without one; since 5.0
	RetTrace       Action = 0x7ff00000 // SECCOMP_RET_TRACE: the tracer decides and gets the data; ENOSYS without one
	RetLog         Action = 0x7ffc0000 // SECCOMP_RET_LOG: the call is made and logged; since 4.14
	RetAllow       Action = 0x7fff0000 // SECCOMP_RET_ALLOW: the call is made
)

// The two halves of an Action.
const (
	RetActionFull Action = 0xffff0000 // SECCOMP_RET_ACTION_FULL: what to do
	RetData       Action = 0x0000ffff // SECCOMP_RET_DATA: the data for it
)

// maxErrno is the largest error that RET_ERRNO delivers; the kernel lowers
// larger data to it. Source: linux/err.h:MAX_ERRNO.
const maxErrno = 4095

// Kind is the action without its data.
func (a Action) Kind() Action { return a & RetActionFull }

// Data is the action's data: an errno, or what the tracer or the signal gets.
func (a Action) Data() uint16 { return uint16(a & RetData) }

// Known reports whether the action's kind is one of the eight constants. The
// kernel kills the process for any other.
func (a Action) Known() bool { return a.name() != "" }

// Effect is what the kernel makes of an action: an unknown kind kills the
// process, an errno beyond 4095 is 4095, and data that nobody receives is 0.
// Two actions with the same Effect cannot be told apart from outside, except
// that unknown kinds keep their own precedence in a stack. Source:
// kernel/seccomp.c:__seccomp_filter.
func (a Action) Effect() Action {
	switch a.Kind() {
	case RetErrno:
		return RetErrno | min(a&RetData, maxErrno)
	case RetTrap, RetTrace:
		return a
	case RetKillThread, RetUserNotif, RetLog, RetAllow:
		return a.Kind()
	}
	return RetKillProcess
}

// Stricter reports whether a wins over b where both are returned by filters of
// one stack, whatever the order. Kinds compare as signed numbers, data does not
// count. Source: kernel/seccomp.c:seccomp_run_filters.
func (a Action) Stricter(b Action) bool { return int32(a.Kind()) < int32(b.Kind()) }

// String gives the kernel's name of the action, with its data as a number if it
// has any: SECCOMP_RET_ERRNO|1. An unknown kind is a hexadecimal number.
func (a Action) String() string {
	name := a.name()
	switch {
	case name == "":
		return "0x" + strconv.FormatUint(uint64(a), 16)
	case a.Data() == 0:
		return name
	}
	return name + "|" + strconv.FormatUint(uint64(a.Data()), 10)
}

// name is the kernel's name of the action's kind, or empty.
func (a Action) name() string {
	switch a.Kind() {
	case RetKillProcess:
		return "SECCOMP_RET_KILL_PROCESS"
	case RetKillThread:
		return "SECCOMP_RET_KILL_THREAD"
	case RetTrap:
		return "SECCOMP_RET_TRAP"
	case RetErrno:
		return "SECCOMP_RET_ERRNO"
	case RetUserNotif:
		return "SECCOMP_RET_USER_NOTIF"
	case RetTrace:
		return "SECCOMP_RET_TRACE"
	case RetLog:
		return "SECCOMP_RET_LOG"
	case RetAllow:
		return "SECCOMP_RET_ALLOW"
	}
	return ""
}
