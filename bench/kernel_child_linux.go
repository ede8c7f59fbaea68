package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// childVariable is what a measured process of the section kernel finds its
// orders in.
const childVariable = "NARROW_BENCH_CHILD"

// measured is such a process, as its parent sees it.
type measured struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.ReadCloser
}

// startCase starts this program again to become a measured process.
func startCase(ctx context.Context, c *kernelCase, cpu int) (*measured, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &measured{cmd: exec.CommandContext(ctx, self)}
	p.cmd.Env = append(os.Environ(), childVariable+"="+c.orders(cpu))
	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.ready(c); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// ready warms the process up and looks whether its filters are on.
func (p *measured) ready(c *kernelCase) error {
	if _, err := p.turn(); err != nil {
		return err
	}
	pid := p.cmd.Process.Pid
	status, err := kernel.ThreadStatus(pid, pid)
	if err != nil {
		return err
	}
	own, err := kernel.ThreadStatus(os.Getpid(), kernel.Gettid())
	if err != nil {
		return err
	}
	if got := status.SeccompFilters - own.SeccompFilters; got != c.stacked {
		return fmt.Errorf("%d filters are on, want %d", got, c.stacked)
	}
	return nil
}

// turn asks for one turn and returns the nanoseconds that each call took.
func (p *measured) turn() (float64, error) {
	if _, err := p.in.Write([]byte{1}); err != nil {
		return 0, err
	}
	var answer [2]uint64
	if err := binary.Read(p.out, binary.NativeEndian, &answer); err != nil {
		return 0, fmt.Errorf("the measured process ended: %w", err)
	}
	if answer[1] != 0 {
		return 0, fmt.Errorf("%d of %d calls returned what they should not", answer[1], kernelCalls)
	}
	return float64(answer[0]) / kernelCalls, nil
}

// stop ends the process.
func (p *measured) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// child is the measured process.
func child(spec string) {
	fmt.Fprintln(os.Stderr, "bench, measured process:", measuring(spec))
	os.Exit(1)
}

// measuring puts the filters on this thread, which is the process's first, and
// serves on it. Go's other threads are not filtered. It returns only errors.
func measuring(spec string) error {
	var o orders
	if err := json.Unmarshal([]byte(spec), &o); err != nil {
		return err
	}
	program, err := bpf.Decode(o.Program)
	if err != nil {
		return err
	}
	debug.SetGCPercent(-1)
	if err := pin(0, o.CPU); err != nil {
		return err
	}
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil); err != nil {
		return err
	}
	if err := kernel.SetNoNewPrivs(); err != nil {
		return err
	}
	for range o.Stacked {
		if _, err := kernel.SeccompSetModeFilter(program, 0); err != nil {
			return err
		}
	}
	o.serve()
	panic("unreachable")
}

// serve makes the calls whenever it reads a byte, and writes what they took.
// The filter allows next to nothing, so Go's runtime must find no occasion to
// call the kernel on this thread: it takes no signal, grows no stack, is not
// preempted and there is no garbage collection. It ends with its input.
//
//go:nosplit
//go:norace
func (o *orders) serve() {
	var order byte
	var start, end unix.Timespec
	var answer [2]uint64
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, 0, uintptr(unsafe.Pointer(&order)), 1)
		if errno != 0 || n == 0 {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		wrong := uint64(0)
		unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_THREAD_CPUTIME_ID, uintptr(unsafe.Pointer(&start)), 0)
		for range kernelCalls {
			if _, _, errno := unix.RawSyscall(o.Nr, o.Args[0], o.Args[1], o.Args[2]); errno != o.Errno {
				wrong++
			}
		}
		unix.RawSyscall(unix.SYS_CLOCK_GETTIME, unix.CLOCK_THREAD_CPUTIME_ID, uintptr(unsafe.Pointer(&end)), 0)
		answer[0] = uint64((end.Sec-start.Sec)*1e9 + end.Nsec - start.Nsec)
		answer[1] = wrong
		unix.RawSyscall(unix.SYS_WRITE, 1, uintptr(unsafe.Pointer(&answer)), unsafe.Sizeof(answer))
	}
}
