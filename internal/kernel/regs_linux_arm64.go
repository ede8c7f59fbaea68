package kernel

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// regsSupported is why registers cannot be read here.
var regsSupported error

// Regs are the general registers of a thread, with what this architecture keeps
// elsewhere: x0 is a call's first argument and then its result, so that the
// kernel keeps the argument by itself (arch/arm64/include/asm/ptrace.h: struct
// pt_regs, orig_x0), as it does the call's number.
type Regs struct {
	r     unix.PtraceRegsArm64
	nr    int32  // of the call that the thread is in; -1 is none
	first uint64 // its first argument, once x0 is the result
}

// The registers of calls: x0 to x5 are the arguments, x8 is the number.
const nrRegister = 8

// PC is where the thread's next instruction is.
func (r *Regs) PC() uint64 { return r.r.Pc }

// SetPC makes the thread go on elsewhere.
func (r *Regs) SetPC(pc uint64) { r.r.Pc = pc }

// SP is the thread's stack pointer.
func (r *Regs) SP() uint64 { return r.r.Sp }

// Link is where the present function returns to: x30, unless that has been
// saved and used for a call.
func (r *Regs) Link() uint64 { return r.r.Regs[30] }

// Nr is the number of the call that the thread is in; false if it is in none.
// On its way out of the kernel it is in none any more (do_signal).
func (r *Regs) Nr() (nr uint32, in bool) { return uint32(r.nr), r.nr >= 0 }

// Args are the call's arguments. There is no compat here: a thread of another
// ABI has no Regs.
func (r *Regs) Args(bool) [6]uint64 {
	args := [6]uint64(r.r.Regs[:6])
	args[0] = r.first
	return args
}

// Result is what the call returned: negative errnos, those that only the
// kernel sees among them.
func (r *Regs) Result() int64 { return int64(r.r.Regs[0]) }

// SetResult changes what the call returned.
func (r *Regs) SetResult(v int64) { r.r.Regs[0] = uint64(v) }

// SetCall makes the thread make a call by the `svc` instruction at an address.
// That is no landing pad, so the thread must not seem to come by a branch for
// which the hardware wants one (PSTATE.BTYPE).
func (r *Regs) SetCall(instruction uint64, nr uintptr, args [6]uint64) {
	const btype = 3 << 10
	r.nr = -1
	r.r.Pc, r.r.Pstate = instruction, r.r.Pstate&^btype
	r.r.Regs[nrRegister] = uint64(nr)
	copy(r.r.Regs[:], args[:])
}

// Before reports the registers of a thread whose next instruction is `svc` as
// those of one that has just made that call, with a result.
func (r *Regs) Before(result int64) Regs {
	after := *r
	after.nr, after.first = int32(r.r.Regs[nrRegister]), r.r.Regs[0]
	after.r.Pc += uint64(len(svc))
	after.SetResult(result)
	return after
}

// Again is the opposite of Before: the thread makes its call once more.
func (r *Regs) Again() Regs {
	before := *r
	before.nr = -1
	before.r.Regs[0], before.r.Regs[nrRegister] = r.first, uint64(r.nr)
	before.r.Pc -= uint64(len(svc))
	return before
}

// Made reports the registers of a thread that has just come back from a call
// as those of one that is in it, with the first argument that the kernel still has.
func (r *Regs) Made(first uint64) Regs {
	in := *r
	in.nr, in.first = int32(r.r.Regs[nrRegister]), first
	return in
}

// Sleep is a call that a thread sleeps in, or is stopped at the entry of.
type Sleep struct {
	nr     uint32
	args   [6]uint64
	sp, pc uint64
}

// SleepOf is what /proc says of a thread; false of one that runs, or is in no call.
func SleepOf(tid int) (s Sleep, ok bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(tid) + "/syscall")
	if err != nil {
		return s, false
	}
	a := &s.args
	n, _ := fmt.Sscanf(string(text), "%d 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x 0x%x", &s.nr, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5], &s.sp, &s.pc)
	return s, n == 9
}

// Left reports the registers of a thread that has just come back from the call
// that it slept in as those of one that is in it; false if it has come back from
// another one.
func (r *Regs) Left(s Sleep) (Regs, bool) {
	in := r.Made(s.args[0])
	return in, uint32(in.nr) == s.nr && in.Args(false) == s.args && in.SP() == s.sp && in.PC() == s.pc
}

// PtraceFirst is the first argument of the call that the thread made last,
// which the kernel may have still when x0 has become the result (orig_x0). No
// request of ptrace(2) tells it; /proc does, of a thread that is in a call.
// Kernels of 2026 and later (arch/arm64/kernel/ptrace.c) make it x0 as soon as
// a tracer says that it is.
func PtraceFirst(tid int) (uint64, error) {
	was, err := getNr(tid)
	if err != nil {
		return 0, err
	}
	if was < 0 {
		if err := setNr(tid, 0); err != nil {
			return 0, err
		}
		defer setNr(tid, was) // it can fail only if the thread is gone
	}
	s, ok := SleepOf(tid)
	if !ok {
		return 0, &Error{"read(/proc/TID/syscall)", Tracing, tid, unix.EINVAL}
	}
	return s.args[0], nil
}

// getCall reads the number of the call that the thread is in.
func (r *Regs) getCall(tid int) (err error) {
	r.first = r.r.Regs[0]
	r.nr, err = getNr(tid)
	return err
}

// ntArmSystemCall is NT_ARM_SYSTEM_CALL (linux/elf.h).
const ntArmSystemCall = 0x404

func getNr(tid int) (nr int32, err error) {
	_, err = getRegset(tid, ntArmSystemCall, unsafe.Pointer(&nr), unsafe.Sizeof(nr))
	return nr, err
}

func setNr(tid int, nr int32) error {
	return setRegset(tid, ntArmSystemCall, unsafe.Pointer(&nr), unsafe.Sizeof(nr))
}

// PtraceSysemu lets a stopped thread go on to the entry of its next call, which
// the kernel then does not make, nor ask a filter about, whatever lets the
// thread go on from there.
func PtraceSysemu(tid, signal int) error {
	return ptrace("PTRACE_SYSEMU", unix.PTRACE_SYSEMU, tid, 0, uintptr(signal))
}

// Killed reads the registers of a thread that stands before its end
// (PTRACE_EVENT_EXIT), and reports whether they may be those of a call that a
// filter killed it for. It has made a call, of which the first argument is still,
// or again, where a result would be (kernel/seccomp.c:__seccomp_filter); see
// PtraceFirst for what cannot be told of that. One that slept in a call is before
// it again, or has EINTR.
func Killed(tid int) (Regs, bool, error) {
	r, err := PtraceGetRegs(tid)
	if err != nil {
		return r, false, err
	}
	first, err := PtraceFirst(tid)
	if err != nil || first != r.r.Regs[0] || r.Result() == -int64(unix.EINTR) || !IsCall(tid, r.PC()-uint64(len(svc))) {
		return r, false, err
	}
	return r.Made(first), true, nil
}

// svc is `svc #0`.
var svc = [...]byte{0x01, 0x00, 0x00, 0xd4}

// SyscallInstruction returns the code of the instruction that makes a call,
// and the alignment that it has.
func SyscallInstruction() (code []byte, align int) { return svc[:], len(svc) }

// IsCall reports whether the instruction at an address makes a call.
func IsCall(tid int, at uint64) bool {
	var there [len(svc)]byte
	return ReadMemory(tid, at, there[:]) == nil && bytes.Equal(there[:], svc[:])
}
