package server_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/examples/memcached/server"
	"github.com/narrow-sandbox/narrow/narrowtest"
)

// denials are what a break-in tries, and what it hears in every phase and class.
var denials = []struct {
	name string
	want syscall.Errno
	try  func() error
}{
	{"exec", unix.EPERM, func() error { return syscall.Exec("/bin/sh", []string{"sh"}, nil) }},
	{"execveat", unix.EPERM, func() error { return raw(unix.SYS_EXECVEAT) }},
	{"connect", unix.EPERM, func() error { return unix.Connect(before.socket, &unix.SockaddrInet4{Port: 9, Addr: loopback}) }},
	{"open for write", unix.EPERM, func() error { return openFile(os.O_WRONLY | os.O_CREATE) }},
	{"open for read", unix.EPERM, func() error { return openFile(os.O_RDONLY) }},
	{"open_by_handle_at", unix.EPERM, func() error { return raw(unix.SYS_OPEN_BY_HANDLE_AT) }},
	{"fork", unix.EPERM, func() error { return raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD)) }},
	{"clone3", unix.ENOSYS, func() error { return raw(unix.SYS_CLONE3) }},
	{"mprotect exec", unix.EPERM, func() error { return unix.Mprotect(before.page, unix.PROT_READ|unix.PROT_EXEC) }},
	{"mmap exec", unix.EPERM, mapCode},
	{"io_uring_setup", unix.ENOSYS, func() error { return raw(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&[120]byte{}))) }},
	{"ptrace", unix.EPERM, func() error { return raw(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(unix.Getppid())) }},
	{"kill", unix.EPERM, func() error { return raw(unix.SYS_KILL, 1, 0) }},
	{"write to an open file", unix.EPERM, func() error { _, err := unix.Write(before.file, []byte("x")); return err }},
	{"read from an open file", unix.EPERM, func() error { _, err := unix.Read(before.file, make([]byte, 1)); return err }},
	{"sendmsg", unix.EPERM, func() error {
		return raw(unix.SYS_SENDMSG, uintptr(before.socket), uintptr(unsafe.Pointer(&[64]byte{})))
	}},
	{"prctl dumpable", unix.EPERM, func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0) }},
}

// place is a phase and a class, and what is particular to them.
type place struct {
	phase, class           string
	socket, bind           syscall.Errno
	accept, thread, filter syscall.Errno // EBADF, EINVAL, EFAULT: the kernel's own word, past all filters
}

var places = []place{
	{server.PhaseInit, "", 0, unix.EACCES, unix.EBADF, unix.EINVAL, unix.EFAULT},
	{server.PhaseServing, "", unix.EAFNOSUPPORT, unix.EPERM, unix.EBADF, unix.EINVAL, unix.EFAULT},
	{server.PhaseServing, server.ClassMain, unix.EAFNOSUPPORT, unix.EPERM, unix.EBADF, unix.EPERM, unix.EPERM},
	{server.PhaseServing, server.ClassWorker, unix.EAFNOSUPPORT, unix.EPERM, unix.EPERM, unix.EPERM, unix.EPERM},
}

// TestAttacks tries what a break-in tries, in each phase and thread class, and
// demands the denial that the policy means.
func TestAttacks(t *testing.T) {
	t.Parallel()
	for _, p := range places {
		t.Run(p.phase+" "+p.class, func(t *testing.T) {
			in := sandboxed(t, p.phase, p.class)
			in.Allows(t, "attacks", p.attacks)
			if runtime.GOARCH == "amd64" {
				in.Kills(t, "x32", func() error { return raw(0x40000000 | unix.SYS_GETPID) })
				in.Kills(t, "int 0x80", int80)
			}
		})
	}
}

// attacks tries all of them, and tells what went otherwise.
func (p place) attacks() error {
	var wrong []error
	expect := func(name string, want syscall.Errno, err error) {
		var got syscall.Errno
		if errors.As(err, &got); got != want {
			wrong = append(wrong, fmt.Errorf("%s: got %v, want %v", name, err, want))
		}
	}
	for _, d := range denials {
		expect(d.name, d.want, d.try())
	}
	expect("socket", p.socket, raw(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0))
	expect("bind", p.bind, unix.Bind(before.socket, &unix.SockaddrInet4{Addr: loopback}))
	expect("accept", p.accept, raw(unix.SYS_ACCEPT4, ^uintptr(0), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC))
	expect("thread", p.thread, newThread())
	const setModeFilter = 1
	expect("filter", p.filter, raw(unix.SYS_SECCOMP, setModeFilter, 0, 0))
	return errors.Join(wrong...)
}

// TestGoLivesInAWorker: the runtime collects garbage, grows its heap and
// schedules where the filter is narrowest.
func TestGoLivesInAWorker(t *testing.T) {
	t.Parallel()
	sandboxed(t, server.PhaseServing, server.ClassWorker).Allows(t, "worker", func() error {
		for range 3 {
			_ = make([]byte, 64<<20)
			runtime.GC()
		}
		done := make(chan bool)
		go close(done)
		<-done
		return nil
	})
}

// before is what the process has opened before it was narrowed.
var before struct {
	file, socket int
	page, code   []byte
}

var loopback = [4]byte{127, 0, 0, 1}

// sandboxed is a phase and a thread class of the server's policy.
func sandboxed(t *testing.T, phase, class string) narrowtest.In {
	t.Helper()
	wake, err := server.TestOnlyRuntimeWake()
	if err != nil {
		t.Fatal(err)
	}
	config := child{}.config()
	config.Port = 11211
	sandbox, err := config.Sandbox(wake)
	if err != nil {
		t.Fatal(err)
	}
	return narrowtest.In{Sandbox: sandbox, Phase: phase, Class: class, Before: openBefore}
}

// openBefore opens what attacks use, before the first phase. The code is what
// an attacker would have to find in the program.
func openBefore(phase string) (err error) {
	if phase != server.PhaseInit {
		return nil
	}
	if before.file, err = unix.Open("/proc/self/status", unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		return err
	}
	if before.socket, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if before.page, err = unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
		return err
	}
	if before.code, err = unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON); err != nil {
		return err
	}
	copy(before.code, []byte{0xb8, 20, 0, 0, 0, 0xcd, 0x80, 0xc3}) // mov $20 (getpid of i386), %eax; int $0x80; ret
	return unix.Mprotect(before.code, unix.PROT_READ|unix.PROT_EXEC)
}

func raw(nr uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, errno := unix.RawSyscall6(nr, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
		return errno
	}
	return nil
}

func openFile(flags int) error {
	fd, err := unix.Open("/tmp/narrow-attack", flags, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func mapCode() error {
	_, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
	return err
}

// newThread asks for a thread with two flags that exclude each other (since
// Linux 5.2): EINVAL is the kernel's own word, past all filters.
func newThread() error {
	const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
	return raw(unix.SYS_CLONE, thread|unix.CLONE_PIDFD|unix.CLONE_PARENT_SETTID)
}

// int80 calls the code that openBefore wrote.
func int80() error {
	entry := uintptr(unsafe.Pointer(&before.code[0]))
	function := &entry
	call := *(*func())(unsafe.Pointer(&function))
	call()
	return nil
}
