package inject

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// read reads the registers, the mask and the status of all threads, which are
// parked. One that was killed meanwhile is left out.
func (p *Process) read() error {
	for _, t := range append([]*Thread(nil), p.threads...) {
		err := p.readThread(t)
		if errors.Is(err, unix.ESRCH) || errors.Is(err, ErrGone) {
			p.remove(t)
			continue
		}
		if err != nil {
			return p.wrong(t, kindOf(err), err, "")
		}
	}
	if len(p.threads) == 0 {
		return p.wrong(nil, ErrGone, ErrGone, "")
	}
	return nil
}

func (p *Process) readThread(t *Thread) (err error) {
	p.name(t)
	if t.Status == nil {
		return unix.ESRCH
	}
	if t.known {
		return nil
	}
	if t.mask, err = kernel.PtraceGetSigMask(t.TID); err != nil {
		return err
	}
	t.arch = abi.Native().Audit
	if info, err := kernel.PtraceGetSyscallInfo(t.TID); err == nil {
		t.arch = info.Arch
	}
	t.dispatched = kernel.PtraceDispatches(t.TID)
	if err := p.readRegs(t); err != nil {
		return err
	}
	t.known = true
	p.interrupted(t)
	p.sequence(t)
	return nil
}

// What an interrupted call returns to the kernel's way out, which then decides
// between EINTR and a restart (linux/errno.h). A program never sees these.
const (
	restartSys      = -512 // restart unless a handler without SA_RESTART runs
	restartNoIntr   = -513 // restart always
	restartNoHand   = -514 // restart unless a handler runs
	restartBySystem = -516 // restart by restart_syscall, unless a handler runs
)

// interrupted finds out which call the thread goes back into.
//
// A call of restarting has returned EINTR, as it does after any stop. What was
// asked of the kernel is to decide as for a call that restarts unless a handler
// runs: then the program sees EINTR exactly if it has handled a signal, and
// otherwise is in the call again.
func (p *Process) interrupted(t *Thread) {
	t.Call, t.Restarts = nil, false
	nr, in := t.regs.Nr()
	if !in {
		return
	}
	switch t.regs.Result() {
	case restartSys, restartNoIntr, restartNoHand:
	case restartBySystem:
		t.Restarts = true
	case -int64(unix.EINTR):
		if !restarting(t.arch, nr) {
			return
		}
		t.regs.SetResult(restartNoHand)
	default:
		return
	}
	native := abi.Native()
	t.Call = &bpf.Data{Nr: nr, Arch: t.arch, IP: t.regs.PC(), Args: t.regs.Args(t.arch != native.Audit)}
	if t.began != nil && t.began.Nr != nr && t.Restarts {
		t.Call = t.began
	}
}

// restarting reports whether a call that was interrupted before it did
// anything may be made again as it was.
func restarting(arch, nr uint32) bool {
	a, ok := abi.ByAudit(arch, nr)
	if !ok {
		return false
	}
	call, ok := a.Number(nr)
	if !ok {
		return false
	}
	switch call.Name {
	case "epoll_wait", "epoll_pwait", "epoll_pwait2", "semop", "semtimedop", "semtimedop_time64",
		"rt_sigtimedwait", "rt_sigtimedwait_time64", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_uring_enter":
		return true // signal(7): EINTR after any stop
	case "accept", "accept4", "connect", "recvfrom", "recvmsg", "recvmmsg", "recv", "sendto", "sendmsg", "send", "sendmmsg",
		"read", "readv", "write", "writev":
		return true // with SO_RCVTIMEO or SO_SNDTIMEO; EINTR says that nothing was moved
	}
	return false
}

// sequence does for a restartable sequence what the kernel does when it takes
// the processor away: it goes on at its abort handler (rseq(2)). The kernel
// itself forgets the sequence when it sees the thread elsewhere, at an injected
// call.
func (p *Process) sequence(t *Thread) {
	r, err := kernel.PtraceGetRseq(t.TID)
	if err != nil || r.Pointer == 0 {
		return
	}
	const offset = 8 // of rseq_cs in struct rseq (linux/rseq.h)
	var pointer [8]byte
	if kernel.ReadMemory(p.place.tid, r.Pointer+offset, pointer[:]) != nil {
		return
	}
	at := binary.NativeEndian.Uint64(pointer[:])
	if at == 0 {
		return
	}
	var cs [32]byte // struct rseq_cs: version, flags, start_ip, post_commit_offset, abort_ip
	if kernel.ReadMemory(p.place.tid, at, cs[:]) != nil {
		return
	}
	start, length, abort := binary.NativeEndian.Uint64(cs[8:]), binary.NativeEndian.Uint64(cs[16:]), binary.NativeEndian.Uint64(cs[24:])
	if t.regs.PC()-start < length {
		t.regs.SetPC(abort)
	}
}
