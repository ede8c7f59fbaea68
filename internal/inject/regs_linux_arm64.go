package inject

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// On this architecture a parked thread's registers do not tell what has become
// of its call. Before it stops for us, the kernel has made them those of a
// thread that is about to make the call (arch/arm64/kernel/signal.c:do_signal).
// What the call has returned is known to that function alone, which does with
// it what is to be done once the thread goes on: make the call again, or return
// EINTR if a handler runs. Our calls end that function.
//
// So a thread that was in a call is led into its call once more, twice, by
// PTRACE_SYSEMU, which makes the kernel neither make the call nor ask a filter:
// when its registers are read, to see by which number the kernel makes it again,
// and when they are written, to return there what the call had returned. Then
// do_signal knows again.
//
// And x0 is the first argument and the result: of a call that has returned
// EINTR, the argument is gone. So it is noted before the thread is interrupted.
//
// And the kernel forgets the scalable registers at a call, which a thread that
// was in none may use.

// slept is the call that a thread slept in when it was asked to stop.
type slept struct {
	kernel.Sleep
	in      bool
	vectors kernel.Vectors // of one that was in no call
}

// sample notes the call that a thread sleeps in.
func (t *Thread) sample() { t.slept.Sleep, t.slept.in = kernel.SleepOf(t.TID) }

// interruptSleepers asks threads to stop that sleep, and waits a moment for those
// that run to do so: a server's threads mostly work for less than that.
func (p *Process) interruptSleepers() error {
	const rounds, pause = 20, 50 * time.Microsecond
	for range rounds {
		awake := false
		for _, t := range p.threads {
			if t.state != running || t.asked {
				continue
			}
			if t.sample(); !t.slept.in {
				awake = true
				continue
			}
			t.asked = true
			if err := ignoreGone(kernel.PtraceInterrupt(t.TID)); err != nil {
				return p.wrong(t, nil, err, "")
			}
		}
		if !awake {
			return nil
		}
		kernel.Nanosleep(pause)
	}
	return nil
}

// readRegs reads the registers of a parked thread, and which call it was taken
// out of and what that returned.
func (p *Process) readRegs(t *Thread) (err error) {
	if t.regs, err = kernel.PtraceGetRegs(t.TID); err != nil || t.dispatched {
		return err
	}
	t.slept.vectors = nil
	code, _ := kernel.SyscallInstruction()
	switch pc := t.regs.PC(); {
	case kernel.IsCall(t.TID, pc):
		return p.readBefore(t)
	case t.regs.Result() == -int64(unix.EINTR) && kernel.IsCall(t.TID, pc-uint64(len(code))):
		return p.readBehind(t)
	}
	t.slept.vectors, err = kernel.PtraceGetVectors(t.TID)
	return err
}

// readBefore reads a thread that stands before a call, which it mostly has made
// and is to make again.
func (p *Process) readBefore(t *Thread) error {
	// Nothing may be delivered to it on the way.
	if err := kernel.PtraceSetSigMask(t.TID, ^kernel.SigSet(0)); err != nil {
		return err
	}
	t.full = true
	again, err := p.reenter(t, t.regs, 0)
	if err != nil {
		return err
	}
	t.regs = t.regs.Before(0)
	t.regs.SetResult(returned(&t.regs, again))
	return nil
}

// readBehind reads a thread that stands behind a call that returned EINTR, which
// concerns those that are restarting. If it did not sleep in that when it was
// asked to stop, the kernel may have its first argument still. But also if the
// program has been told of EINTR after a handler of its own, it has made another
// call since, rt_sigreturn, and what the kernel has is that one's: mostly no
// descriptor.
func (p *Process) readBehind(t *Thread) error {
	if made, left := t.regs.Left(t.slept.Sleep); t.slept.in && left {
		t.regs = made
		return nil
	}
	first, err := kernel.PtraceFirst(t.TID)
	if err != nil {
		return err
	}
	made := t.regs.Made(first)
	nr, _ := made.Nr()
	call, ok := abi.Native().Number(nr)
	if !ok || first == uint64(t.regs.Result()) {
		return nil
	}
	if len(call.Args) > 0 && strings.HasSuffix(call.Args[0].Name, "fd") {
		if _, err := os.Lstat(fmt.Sprintf("%s/fd/%d", taskPath(p.PID, t.TID), int32(first))); err != nil {
			return nil
		}
	}
	t.regs = made
	return nil
}

// returned is what a call has returned that is to be made by a number again:
// that of restart_syscall tells itself. Of the others it is known what they do
// when a handler runs, which is all that it says (signal(7)). One of which that
// is not known has mostly not begun: it is made in any case.
func returned(made *kernel.Regs, again uint32) int64 {
	if again == unix.SYS_RESTART_SYSCALL {
		return restartBySystem
	}
	args := made.Args(false)
	switch again {
	case unix.SYS_RT_SIGSUSPEND, unix.SYS_PPOLL, unix.SYS_PSELECT6, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
		unix.SYS_MSGSND, unix.SYS_MSGRCV:
		return restartNoHand
	case unix.SYS_FUTEX:
		const flags, wait, waitBitset = 0x180, 0, 9 // linux/futex.h: FUTEX_WAIT, FUTEX_WAIT_BITSET
		if op := args[1] &^ flags; op == wait || op == waitBitset {
			return restartSys
		}
	case unix.SYS_READ, unix.SYS_READV, unix.SYS_WRITE, unix.SYS_WRITEV, unix.SYS_SPLICE, unix.SYS_IOCTL, unix.SYS_OPENAT,
		unix.SYS_WAIT4, unix.SYS_WAITID, unix.SYS_FLOCK, unix.SYS_FCNTL, unix.SYS_GETRANDOM,
		unix.SYS_ACCEPT, unix.SYS_ACCEPT4, unix.SYS_CONNECT, unix.SYS_RECVFROM, unix.SYS_RECVMSG, unix.SYS_RECVMMSG,
		unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_MQ_TIMEDSEND, unix.SYS_MQ_TIMEDRECEIVE:
		return restartSys
	}
	if restarting(abi.Native().Audit, again) {
		return restartNoHand
	}
	return restartNoIntr
}

// writeRegs gives a parked thread the registers that it goes on with, and if it
// was in a call that is to be made again, the kernel what that needs.
func (p *Process) writeRegs(t *Thread) error {
	if _, in := t.regs.Nr(); in && t.Call != nil {
		if _, err := p.reenter(t, t.regs.Again(), t.regs.Result()); err != nil {
			return err
		}
	} else if err := errors.Join(kernel.PtraceSetRegs(t.TID, t.regs), kernel.PtraceSetVectors(t.TID, t.slept.vectors)); err != nil {
		return err
	}
	if !t.full {
		return nil
	}
	t.full = false
	return kernel.PtraceSetSigMask(t.TID, t.mask)
}

// reenter leads a parked thread, of which all signals are blocked, into a call
// that is not made, and makes it return a value there. Then the thread is
// parked again. It tells the call's number.
//
// The value is written at the exit: at any other stop, a kernel of 2026 or later
// takes a new x0 for the call's first argument, too.
func (p *Process) reenter(t *Thread, regs kernel.Regs, result int64) (nr uint32, err error) {
	if err := kernel.PtraceSetRegs(t.TID, regs); err != nil {
		return 0, p.lost(t, err)
	}
	for _, onward := range [...]func(tid, signal int) error{kernel.PtraceSysemu, kernel.PtraceSyscall} {
		if err := p.toStop(t, onward); err != nil {
			return 0, err
		}
	}
	at, err := kernel.PtraceGetRegs(t.TID)
	if err != nil {
		return 0, p.lost(t, err)
	}
	nr, _ = at.Nr()
	at.SetResult(result)
	if err := kernel.PtraceSetRegs(t.TID, at); err != nil {
		return 0, p.lost(t, err)
	}
	if err := p.toPark(t); err != nil {
		return 0, err
	}
	return nr, p.park(t)
}

// toStop lets a thread go on to the entry or the exit of its call.
func (p *Process) toStop(t *Thread, onward func(tid, signal int) error) error {
	for {
		if err := onward(t.TID, t.due()); err != nil {
			return p.lost(t, err)
		}
		stop, err := p.next(t)
		if err != nil {
			return p.lost(t, err)
		}
		if done, err := p.towards(t, stop); done || err != nil {
			return err
		}
	}
}
