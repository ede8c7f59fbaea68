package profiles_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/bpf"
)

// An injector stands for a break-in: it makes one thread of a running program
// issue any system call, as hostile code inside that thread would. ptrace(2)
// stops the thread and sets its registers; the call itself then goes through
// the thread's own filters, Landlock domain and credentials. The tracer's
// requests must come from one OS thread, so attach locks it until detach.
type injector struct {
	t        *testing.T
	pid, tid int
	saved    unix.PtraceRegs
	syscall  uint64 // address of a `syscall` instruction: the vDSO has one
	scratch  uint64 // the next free byte below the stack
	gone     bool
}

// outcome is what a call came to: a result, or how the program ended on it.
type outcome struct {
	result int64
	end    string
}

// String is "ok", the name of an errno, or how the program ended.
func (o outcome) String() string {
	switch {
	case o.end != "":
		return o.end
	case o.failed():
		return unix.ErrnoName(unix.Errno(-o.result))
	}
	return "ok"
}

func (o outcome) failed() bool { return o.end != "" || o.result < 0 && o.result >= -4095 }

// attach stops a worker: the threads that clients talk to.
func attach(t *testing.T, pid int) *injector {
	t.Helper()
	return attachTo(t, pid, workerOf(t, pid))
}

// attachTo stops a thread.
func attachTo(t *testing.T, pid, tid int) *injector {
	t.Helper()
	runtime.LockOSThread()
	in := &injector{t: t, pid: pid, tid: tid}
	if err := errors.Join(unix.PtraceSeize(in.tid), unix.PtraceInterrupt(in.tid)); err != nil {
		t.Fatalf("tracing %d: %v", in.tid, err)
	}
	if o := in.wait(); o.end != "" {
		t.Fatalf("thread %d %s before anything was done", in.tid, o.end)
	}
	if err := unix.PtraceGetRegs(in.tid, &in.saved); err != nil {
		t.Fatal(err)
	}
	// 4096 leaves the red zone alone, and 128 KB of a thread's stack are there.
	in.scratch = in.saved.Rsp - 4096
	in.syscall = in.find("[vdso]", 0x0f, 0x05)
	return in
}

// workerOf finds a thread that waits for clients: not the first one, and asleep
// in epoll_wait. Names would not do, as the profile keeps /proc/self/task shut.
func workerOf(t *testing.T, pid int) int {
	t.Helper()
	asleep := fmt.Appendf(nil, "%d ", unix.SYS_EPOLL_WAIT)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		calls, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/syscall", pid))
		for _, call := range calls {
			text, _ := os.ReadFile(call)
			tid, _ := strconv.Atoi(filepath.Base(filepath.Dir(call)))
			if tid != pid && bytes.HasPrefix(text, asleep) {
				return tid
			}
		}
	}
	t.Fatalf("%d has no worker asleep in epoll_wait", pid)
	return 0
}

// detach puts the registers back whole and lets the thread go on. The kernel
// restarts most calls by itself; those of signal(7) that a stop ends with
// EINTR, epoll_wait among them, are issued again here.
func (in *injector) detach() {
	defer runtime.UnlockOSThread()
	if in.gone {
		return
	}
	regs := in.saved
	if int64(regs.Orig_rax) >= 0 && int64(regs.Rax) == -int64(unix.EINTR) {
		regs.Rip -= 2
		regs.Rax = regs.Orig_rax
		regs.Orig_rax = ^uint64(0)
	}
	if err := errors.Join(unix.PtraceSetRegs(in.tid, &regs), unix.PtraceDetach(in.tid)); err != nil {
		in.t.Errorf("letting go of %d: %v", in.tid, err)
	}
}

// call runs a system call in the thread. A string is passed as the address of
// a copy that ends in NUL, bytes as that of a copy; numbers are raw registers.
func (in *injector) call(nr int, args ...any) outcome {
	in.t.Helper()
	return in.step(in.syscall, uint64(nr), args)
}

// call32 is `int 0x80` with a call number of i386.
func (in *injector) call32(nr int) outcome {
	in.t.Helper()
	return in.step(in.find("", 0xcd, 0x80), uint64(nr), nil)
}

func (in *injector) step(rip, nr uint64, args []any) outcome {
	in.t.Helper()
	if in.gone {
		in.t.Fatal("a call after the end of the program")
	}
	regs := in.saved
	regs.Rip, regs.Rax, regs.Orig_rax = rip, nr, ^uint64(0)
	for i, register := range []*uint64{&regs.Rdi, &regs.Rsi, &regs.Rdx, &regs.R10, &regs.R8, &regs.R9} {
		*register = 0
		if i < len(args) {
			*register = in.argument(args[i])
		}
	}
	if err := errors.Join(unix.PtraceSetRegs(in.tid, &regs), unix.PtraceSingleStep(in.tid)); err != nil {
		in.t.Fatalf("stepping %d: %v", in.tid, err)
	}
	o := in.wait()
	if o.end != "" {
		return o
	}
	if err := unix.PtraceGetRegs(in.tid, &regs); err != nil {
		in.t.Fatal(err)
	}
	return outcome{result: int64(regs.Rax)}
}

// argument is the register for a value.
func (in *injector) argument(v any) uint64 {
	in.t.Helper()
	switch v := v.(type) {
	case int:
		return uint64(v)
	case int64:
		return uint64(v)
	case uint64:
		return v
	case string:
		return in.place(append([]byte(v), 0))
	case []byte:
		return in.place(v)
	}
	in.t.Fatalf("no register holds a %T", v)
	return 0
}

// place copies bytes to the thread's memory, 16 bytes aligned.
func (in *injector) place(data []byte) uint64 {
	in.t.Helper()
	in.scratch = (in.scratch - uint64(len(data))) &^ 15
	if in.saved.Rsp-in.scratch > 64<<10 {
		in.t.Fatal("out of scratch memory")
	}
	if _, err := unix.PtracePokeData(in.tid, uintptr(in.scratch), data); err != nil {
		in.t.Fatal(err)
	}
	return in.scratch
}

// wait polls for the thread's next stop or its end. It does not sleep in wait4:
// a thread that has run execve bears another id from then on, and nothing would wake us.
func (in *injector) wait() outcome {
	in.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Microsecond) {
		var status unix.WaitStatus
		tid, err := unix.Wait4(in.tid, &status, unix.WALL|unix.WNOHANG, nil)
		switch {
		case err == unix.ECHILD:
			in.gone = true
			return outcome{end: "became another program"}
		case err != nil:
			in.t.Fatal(err)
		case tid == 0:
		case status.Signaled():
			in.gone = true
			return outcome{end: "killed by " + unix.SignalName(status.Signal())}
		case status.Exited():
			in.gone = true
			return outcome{end: "exited"}
		case status.StopSignal() == unix.SIGTRAP:
			return outcome{}
		case status.StopSignal() == unix.SIGSEGV:
			return outcome{end: "faulted"}
		default:
			in.t.Fatalf("thread %d stopped by %v", in.tid, status.StopSignal())
		}
	}
	in.t.Fatalf("thread %d does not stop", in.tid)
	return outcome{}
}

// find looks for an instruction in the executable mappings whose name ends so.
func (in *injector) find(name string, code ...byte) uint64 {
	in.t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", in.pid))
	if err != nil {
		in.t.Fatal(err)
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", in.pid))
	if err != nil {
		in.t.Fatal(err)
	}
	defer memory.Close()
	for line := range strings.Lines(string(maps)) {
		var low, high uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &low, &high, &mode); err != nil || mode[2] != 'x' || !strings.HasSuffix(strings.TrimSpace(line), name) {
			continue
		}
		text := make([]byte, high-low)
		n, _ := memory.ReadAt(text, int64(low))
		if i := bytes.Index(text[:n], code); i >= 0 {
			return low + uint64(i)
		}
	}
	in.t.Fatalf("no instruction % x in %d", code, in.pid)
	return 0
}

// filter is the seccomp program on the thread, as root may read it back.
func (in *injector) filter() bpf.Program {
	in.t.Helper()
	raw := make([]byte, 8*4096)
	n, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SECCOMP_GET_FILTER, uintptr(in.tid), 0, uintptr(unsafe.Pointer(&raw[0])), 0, 0)
	if errno != 0 {
		in.t.Fatalf("reading the filter of %d: %v", in.tid, errno)
	}
	program := make(bpf.Program, n)
	if _, err := binary.Decode(raw, binary.LittleEndian, program); err != nil {
		in.t.Fatal(err)
	}
	return program
}

// words is a structure of 64-bit fields.
func words(fields ...uint64) []byte {
	var data []byte
	for _, f := range fields {
		data = binary.LittleEndian.AppendUint64(data, f)
	}
	return data
}
