package seccomp

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// ScmpAction is what is done with a call. Its upper 16 bits are the return code
// of ActErrno and ActTrace.
type ScmpAction uint

// The actions.
const (
	ActInvalid     ScmpAction = iota // no action: the zero value
	ActKillThread                    // end the thread; the others go on
	ActTrap                          // send SIGSYS
	ActNotify                        // ask user space; API level 6
	ActErrno                         // fail with the return code
	ActTrace                         // tell the tracer the return code
	ActAllow                         // let it run
	ActLog                           // let it run, and log it; API level 3
	ActKillProcess                   // end the process; API level 3

	// ActKill is ActKillThread.
	//
	// Deprecated: use ActKillThread.
	ActKill = ActKillThread
)

// actionStart and actionEnd bound the actions.
const (
	actionStart = ActKillThread
	actionEnd   = ActKillProcess
)

const actionMask = 0xffff

// kernelActions are the actions to the kernel.
var kernelActions = [actionEnd + 1]scmp.Action{
	ActKillThread:  scmp.KillThread,
	ActTrap:        scmp.Trap,
	ActNotify:      scmp.Notify,
	ActErrno:       scmp.Errno,
	ActTrace:       scmp.Trace,
	ActAllow:       scmp.Allow,
	ActLog:         scmp.Log,
	ActKillProcess: scmp.KillProcess,
}

// String describes the action.
func (a ScmpAction) String() string {
	switch a & actionMask {
	case ActKillThread:
		return "Action: Kill thread"
	case ActKillProcess:
		return "Action: Kill process"
	case ActTrap:
		return "Action: Send SIGSYS"
	case ActErrno:
		return fmt.Sprintf("Action: Return error code %d", a>>16)
	case ActTrace:
		return fmt.Sprintf("Action: Notify tracing processes with code %d", a>>16)
	case ActNotify:
		return "Action: Notify userspace"
	case ActLog:
		return "Action: Log system call"
	case ActAllow:
		return "Action: Allow system call"
	}
	return fmt.Sprintf("Unrecognized Action %#x", uint(a))
}

// SetReturnCode returns ActErrno or ActTrace with another return code, and any
// other action as it is.
func (a ScmpAction) SetReturnCode(code int16) ScmpAction {
	if base := a & actionMask; base == ActErrno || base == ActTrace {
		return base | ScmpAction(uint16(code))<<16
	}
	return a
}

// GetReturnCode returns the return code.
func (a ScmpAction) GetReturnCode() int16 { return int16(a >> 16) }

// sanitizeAction is an error for a value that is no action.
func sanitizeAction(in ScmpAction) error {
	base := in & actionMask
	if base < actionStart || base > actionEnd {
		return fmt.Errorf("unrecognized action %#x", uint(base))
	}
	if base != ActTrace && base != ActErrno && in&^actionMask != 0 {
		return errors.New("highest 16 bits must be zeroed except for Trace and Errno")
	}
	return nil
}

// kernel is the action to the kernel.
func (a ScmpAction) kernel() scmp.Action {
	base := a & actionMask
	k := kernelActions[base]
	if base == ActErrno || base == ActTrace {
		k |= scmp.Action(uint16(a >> 16))
	}
	return k
}

// actionOf is the action that the kernel knows as a.
func actionOf(a uint32) (ScmpAction, error) {
	for base := actionStart; base <= actionEnd; base++ {
		if kernelActions[base] == scmp.Action(a&^actionMask) {
			return base.SetReturnCode(int16(a)), nil
		}
	}
	return ActInvalid, fmt.Errorf("unrecognized action %#x", a)
}
