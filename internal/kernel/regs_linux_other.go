//go:build linux && !amd64 && !arm64

package kernel

import "errors"

// regsSupported is why registers cannot be read here.
var regsSupported = errors.Join(ErrNotSupported, errors.New("registers are read on x86_64 and aarch64 only"))

// Regs are the general registers of a thread. This architecture's are not known.
type Regs struct{ r [64]uint64 }

func (r *Regs) getCall(int) error { return nil }

// PC is where the thread's next instruction is.
func (r *Regs) PC() uint64 { return 0 }

// SetPC makes the thread go on elsewhere.
func (r *Regs) SetPC(uint64) {}

// SP is the thread's stack pointer.
func (r *Regs) SP() uint64 { return 0 }

// Link is where the present function returns to.
func (r *Regs) Link() uint64 { return 0 }

// Nr is the number of the call that the thread is in.
func (r *Regs) Nr() (nr uint32, in bool) { return 0, false }

// Args are the call's arguments.
func (r *Regs) Args(bool) [6]uint64 { return [6]uint64{} }

// Result is what the call returned.
func (r *Regs) Result() int64 { return 0 }

// SetResult changes what the call returned.
func (r *Regs) SetResult(int64) {}

// SetCall makes the thread make a call.
func (r *Regs) SetCall(uint64, uintptr, [6]uint64) {}

// Killed reads the registers of a thread that a filter has killed.
func Killed(tid int) (Regs, bool, error) {
	r, err := PtraceGetRegs(tid)
	return r, false, err
}

// SyscallInstruction returns the code of the instruction that makes a call.
func SyscallInstruction() (code []byte, align int) { return nil, 1 }
