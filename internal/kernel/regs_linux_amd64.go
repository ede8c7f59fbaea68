package kernel

import "golang.org/x/sys/unix"

// regsSupported is why registers cannot be read here.
var regsSupported error

// Regs are the general registers of a thread.
type Regs struct{ r unix.PtraceRegsAmd64 }

// getCall has nothing to add: the registers tell the call.
func (r *Regs) getCall(int) error { return nil }

// PC is where the thread's next instruction is.
func (r *Regs) PC() uint64 { return r.r.Rip }

// SetPC makes the thread go on elsewhere.
func (r *Regs) SetPC(pc uint64) { r.r.Rip = pc }

// SP is the thread's stack pointer.
func (r *Regs) SP() uint64 { return r.r.Rsp }

// Link is where the present function returns to, 0 if no register tells.
func (r *Regs) Link() uint64 { return 0 }

// Nr is the number of the call that the thread is in; false if it is in none.
func (r *Regs) Nr() (nr uint32, in bool) {
	return uint32(r.r.Orig_rax), int64(r.r.Orig_rax) >= 0
}

// Args are the call's arguments in its own ABI's registers; with compat those
// of `int 0x80`.
func (r *Regs) Args(compat bool) [6]uint64 {
	g := &r.r
	if compat {
		all := [6]uint64{g.Rbx, g.Rcx, g.Rdx, g.Rsi, g.Rdi, g.Rbp}
		for i := range all {
			all[i] = uint64(uint32(all[i]))
		}
		return all
	}
	return [6]uint64{g.Rdi, g.Rsi, g.Rdx, g.R10, g.R8, g.R9}
}

// Result is what the call returned: negative errnos, those that only the
// kernel sees among them.
func (r *Regs) Result() int64 { return int64(r.r.Rax) }

// SetResult changes what the call returned.
func (r *Regs) SetResult(v int64) { r.r.Rax = uint64(v) }

// SetCall makes the thread make a call by the `syscall` instruction at an
// address. It is in no call of its own any more, which keeps the kernel from
// restarting that.
func (r *Regs) SetCall(instruction uint64, nr uintptr, args [6]uint64) {
	g := &r.r
	g.Rip, g.Rax, g.Orig_rax = instruction, uint64(nr), ^uint64(0)
	g.Rdi, g.Rsi, g.Rdx, g.R10, g.R8, g.R9 = args[0], args[1], args[2], args[3], args[4], args[5]
}

// Killed reads the registers of a thread that stands before its end
// (PTRACE_EVENT_EXIT), and reports whether they may be those of a call that a
// filter killed it for. The kernel has put back what the result's register held
// before (kernel/seccomp.c:__seccomp_filter), or has not come to write a
// result; others, that slept in a call, have one.
func Killed(tid int) (Regs, bool, error) {
	r, err := PtraceGetRegs(tid)
	if err != nil {
		return r, false, err
	}
	nr, in := r.Nr()
	return r, in && (r.Result() == int64(nr) || r.Result() == -int64(unix.ENOSYS)), nil
}

// syscallInstruction is `syscall`.
var syscallInstruction = [...]byte{0x0f, 0x05}

// SyscallInstruction returns the code of the instruction that makes a call,
// and the alignment that it has.
func SyscallInstruction() (code []byte, align int) { return syscallInstruction[:], 1 }
