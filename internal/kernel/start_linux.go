package kernel

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

// StartState is how far a Start has come.
type StartState uint32

// The states of a Start, in their order. Failed and Refused are ends; a
// success has no state, as the process is another program then.
const (
	StartPending  StartState = iota // the filter is not on yet
	StartFiltered                   // the filter is on, the thread waits for Release
	StartReleased                   // execve is being called
	StartFailed                     // execve failed; the thread spins, as its filter may deny even exit
	StartRefused                    // the kernel refused the filter; nothing was installed
)

// Start is the last that a thread of this program does before it becomes
// another one: install the filter, wait until another thread has looked at it
// in /proc and says go, execve.
//
// The filter need not allow anything but that execve, so in between the thread
// makes no system call, not even those of Go's runtime: it does not return,
// grow its stack, take a signal (the caller has restored all dispositions) or
// take part in a garbage collection. It waits by spinning. All other threads
// are free.
type Start struct {
	image    *Image
	fprog    *unix.SockFprog // nil: no filter
	program  bpf.Program     // keeps fprog's memory
	state    atomic.Uint32
	released atomic.Uint32
	errno    atomic.Uintptr
}

// NewStart prepares a start with the filter, or with none if the program is
// empty. It calls QuietRuntime.
func NewStart(image *Image, program bpf.Program) (*Start, error) {
	QuietRuntime()
	s := &Start{image: image, program: program}
	if len(program) == 0 {
		return s, nil
	}
	var err error
	s.fprog, err = sockFprog(program)
	return s, err
}

// Run does it, on the thread that its caller is locked to. It returns only if
// the kernel refused the filter.
func (s *Start) Run() error {
	s.run()
	runtime.KeepAlive(s)
	return &Error{"seccomp(SECCOMP_SET_MODE_FILTER)", Seccomp, unix.Gettid(), s.Errno()}
}

//go:nosplit
//go:norace
func (s *Start) run() {
	// A folder and umask of its own: while a thread is within execve, the kernel
	// refuses new ones to the threads that share them with it, and Go's runtime
	// takes that for the end (kernel/fork.c:copy_fs). Where it may not be had, an
	// execve must just be quicker than the runtime's patience.
	_, _, _ = unix.RawSyscall(unix.SYS_UNSHARE, unix.CLONE_FS, 0, 0)
	if s.fprog != nil {
		_, _, errno := unix.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(s.fprog)))
		if errno != 0 {
			s.errno.Store(uintptr(errno))
			s.state.Store(uint32(StartRefused))
			return
		}
	}
	s.state.Store(uint32(StartFiltered))
	for s.released.Load() == 0 {
	}
	s.state.Store(uint32(StartReleased))
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, s.image.path, s.image.argv, s.image.envp)
	s.errno.Store(uintptr(errno))
	s.state.Store(uint32(StartFailed))
	for s.state.Load() == uint32(StartFailed) { // for ever
	}
}

// State tells how far it has come. For any thread.
func (s *Start) State() StartState { return StartState(s.state.Load()) }

// Release lets the waiting thread call execve. For any thread.
func (s *Start) Release() { s.released.Store(1) }

// Errno is why it failed or was refused.
func (s *Start) Errno() error { return unix.Errno(s.errno.Load()) }
