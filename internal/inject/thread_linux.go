package inject

import (
	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/policy"
)

// Thread is one thread of a Process. What it was like when it was stopped is
// known after Stop.
type Thread struct {
	TID  int
	Main bool // the process's first thread
	Name string

	// Call is the call that it was taken out of and goes back into, nil if it
	// was in none. Restarts says that the kernel will do so by
	// restart_syscall, which is what a filter then sees.
	Call     *bpf.Data
	Restarts bool

	// Status is what /proc says of it, when it was stopped.
	Status *kernel.Status

	began *bpf.Data // the call that restart_syscall goes on with, where it is known

	dispatched bool // its calls are handed to itself first

	state   state
	adopted bool
	asked   bool // to stop
	known   bool // its registers and its mask are read, and it has not gone on since
	full    bool // its mask is not its own, but full
	ready   bool // its registers are as it goes on with them
	group   bool // its stop is its process's, by SIGSTOP
	signal  int  // that it has yet to get
	regs    kernel.Regs
	mask    kernel.SigSet
	slept   slept
	arch    uint32 // AUDIT_ARCH of its call
	result  int64  // of the injected call that it made last
}

// due is the signal that it goes on with, which it has then got.
func (t *Thread) due() int {
	signal := t.signal
	t.signal = 0
	return signal
}

// state is how a thread stands to its tracer.
type state uint8

const (
	running   state = iota
	elsewhere       // stopped, where calls cannot be injected
	finishing       // on its way through the call in which it was, while others stand still
	parked          // stopped on its way back to the program, with PTRACE_EVENT_STOP
	busy            // stopped at the exit of an injected call
)

// describe is the call in the notation, without what registers hold that it
// does not read.
func describe(d *bpf.Data) string {
	a, ok := abi.ByAudit(d.Arch, d.Nr)
	if !ok {
		return "a call of an unknown ABI"
	}
	read := *d
	if call, ok := a.Number(d.Nr); ok {
		read.Args = [6]uint64{}
		for i := range call.Args {
			for _, r := range [...]int8{call.Args[i].Reg, call.Args[i].High} {
				if r >= 0 {
					read.Args[r] = d.Args[r]
				}
			}
		}
	}
	return policy.Describe(a, read)
}
