package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// avoided are calls that this test must not make: they end or stop the thread,
// or succeed with nonsense as arguments.
var avoided = map[string]bool{
	"exit": true, "exit_group": true, "fork": true, "vfork": true, "clone": true, "clone3": true, "pause": true,
	"rt_sigreturn": true, "restart_syscall": true, "vhangup": true, "sync": true, "setsid": true, "alarm": true, "kill": true,
	"set_tid_address": true, "msgget": true, "uprobe": true, "uretprobe": true, "reboot": true, "umask": true,
}

// otherFunctions are the kernel's names of functions that tracefs shows under
// a name other than the call's.
var otherFunctions = map[string]string{
	"stat": "newstat", "lstat": "newlstat", "fstat": "newfstat", "uname": "newuname", "umount2": "umount", "sendfile": "sendfile64",
}

// A call by its number from the table makes the live kernel count an event of
// that name: its own table agrees. All arguments are -1, so that it fails.
// Closing a counter takes the kernel 40 ms, so every tenth call must do unless
// NARROW_LONG is set.
func TestNumbersAgreeWithLiveKernel(t *testing.T) {
	events := "/sys/kernel/tracing/events/syscalls"
	if _, err := os.Stat(events); err != nil {
		t.Skip("tracefs is not mounted, or not for us")
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	step, least := 10, 25
	if os.Getenv("NARROW_LONG") != "" {
		step, least = 1, 280
	}
	counted := 0
	for i := 0; i < len(Native().Calls()); i += step {
		c := Native().Calls()[i]
		function := c.Name
		if other := otherFunctions[c.Name]; other != "" {
			function = other
		}
		counter, err := openCounter(filepath.Join(events, "sys_enter_"+function, "id"))
		if avoided[c.Name] || errors.Is(err, fs.ErrNotExist) {
			continue // the kernel is built without it
		}
		if err != nil {
			t.Skipf("cannot count %s: %v", function, err)
		}
		before := counter.count(t)
		const all = ^uintptr(0)
		syscall.RawSyscall6(uintptr(c.Nr), all, all, all, all, all, all)
		after := counter.count(t)
		counter.close()
		if c.Name == "read" {
			before++ // by which the counter is read
		}
		if after != before+1 {
			t.Errorf("call %d is not %s to this kernel (events: %d)", c.Nr, c.Name, after-before)
		}
		counted++
	}
	if counted < least {
		t.Errorf("only %d calls counted", counted)
	}
}

// counter counts events of one tracepoint on this thread.
type counter struct{ fd int }

func openCounter(idFile string) (counter, error) {
	text, err := os.ReadFile(idFile)
	if err != nil {
		return counter{}, err
	}
	id, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return counter{}, err
	}
	attr := unix.PerfEventAttr{Type: unix.PERF_TYPE_TRACEPOINT, Config: id}
	attr.Size = uint32(unsafe.Sizeof(attr))
	fd, err := unix.PerfEventOpen(&attr, 0, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if err != nil {
		return counter{}, fmt.Errorf("perf_event_open: %w", err)
	}
	return counter{fd}, nil
}

// count reads the counter. It reads and closes by raw calls, so that the
// events of read and close themselves are counted alike each time.
func (c counter) count(t *testing.T) uint64 {
	var value [8]byte
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(&value[0])), 8)
	if n != 8 {
		t.Fatal(errno)
	}
	return binary.NativeEndian.Uint64(value[:])
}

func (c counter) close() { unix.Close(c.fd) }

// The arguments of each call are those that the live kernel's tracefs shows.
func TestArgsAgreeWithLiveKernel(t *testing.T) {
	formats, _ := filepath.Glob("/sys/kernel/tracing/events/syscalls/sys_enter_*/format")
	if len(formats) == 0 {
		t.Skip("tracefs is not mounted, or not for us")
	}
	callOf := map[string]string{}
	for call, function := range otherFunctions {
		callOf[function] = call
	}
	compared := 0
	for _, name := range formats {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		call := strings.TrimPrefix(filepath.Base(filepath.Dir(name)), "sys_enter_")
		if other := callOf[call]; other != "" {
			call = other
		}
		c, ok := Native().Call(call)
		if !ok {
			t.Errorf("no call %s", call)
			continue
		}
		_, fields, _ := strings.Cut(string(text), "__syscall_nr;")
		var want, got []string
		for line := range strings.Lines(fields) {
			if decl, _, ok := strings.Cut(line, ";\toffset:"); ok && strings.HasPrefix(line, "\tfield:") {
				want = append(want, decl[strings.LastIndexAny(decl, " *")+1:])
			}
		}
		for i, g := range c.Args {
			got = append(got, g.Name)
			if int(g.Reg) != i || g.High != -1 {
				t.Errorf("%s: %s is not in register %d", call, g.Name, i)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: arguments %v, the kernel has %v", call, got, want)
		}
		compared++
	}
	if compared < 300 {
		t.Errorf("only %d calls compared", compared)
	}
}
