package victim

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Attempts tries everything and reports each. home was given to Prepare, or is
// furnished like it; port is the TCP port of a listener on 127.0.0.1 to connect
// to. It returns only if no denial kills the process.
func Attempts(home, port string) []Result {
	// ptrace and fork are a thread's own affair; it goes back unchanged.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return []Result{
		result("execute a shell", `execve("/bin/sh")`, executeShell()),
		result("connect out", "connect(sin_addr=127.0.0.1)", connectOut(port)),
		result("write to ~/.bashrc", `openat("~/.bashrc", O_WRONLY|O_APPEND)`, appendTo(bashrc(home))),
		result("read a private key", `openat("~/.ssh/id_ed25519", O_RDONLY)`, readFile(key(home))),
		result("create a program in ~", `openat("~/implant", O_CREAT, 0755)`, createProgram(home)),
		result("fork", "clone(flags=SIGCHLD)", fork()),
		result("make memory executable", "mprotect(prot=PROT_READ|PROT_EXEC)", makeExecutable()),
		result("trace another process", "ptrace(PTRACE_SEIZE)", trace()),
	}
}

func result(name, call string, err error) Result {
	r := Result{Name: name, Call: call, Worked: err == nil}
	if errno, ok := err.(syscall.Errno); ok {
		r.Detail = unix.ErrnoName(errno)
	} else if err != nil {
		r.Detail = err.Error()
	}
	return r
}

// executeShell asks for /bin/sh with an argv that cannot be read: EFAULT comes
// after every decision on whether it may be executed, and leaves us running.
// Where a child can be had, it really runs one.
func executeShell() error {
	path := [...]byte{'/', 'b', 'i', 'n', '/', 's', 'h', 0}
	const nowhere = 1
	_, _, errno := unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(&path)), nowhere, 0)
	if errno != unix.EFAULT {
		return errno
	}
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", ":"}, &syscall.ProcAttr{})
	if err == nil {
		wait(pid)
	}
	if errno, ok := err.(syscall.Errno); ok && errno == unix.EACCES {
		return err // Landlock, on a kernel that looks at argv first
	}
	return nil
}

// connectOut asks for a TCP connection. That nobody listens is an answer of
// the network, so we were let out.
func connectOut(port string) error {
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(number), Addr: [4]byte{127, 0, 0, 1}})
	if err == unix.ECONNREFUSED {
		return nil
	}
	return err
}

func appendTo(path string) error {
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_APPEND|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte("# the victim was here\n"))
	return err
}

func readFile(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	_, err = unix.Read(fd, make([]byte, 64))
	return err
}

func createProgram(home string) error {
	path := filepath.Join(home, "implant")
	fd, err := unix.Open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o755)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	return unix.Close(fd)
}

// fork makes a child that ends at once.
func fork() error {
	pid, errno := forkChild(false)
	if errno != 0 {
		return errno
	}
	wait(pid)
	return nil
}

// forkChild forks without Go's help; the child has one thread and may only
// make raw calls. It sleeps until killed, or exits.
//
//go:nosplit
//go:norace
func forkChild(sleep bool) (pid int, errno syscall.Errno) {
	r, _, errno := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 || r != 0 {
		return int(r), errno
	}
	for sleep {
		unix.RawSyscall6(unix.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
	}
	for {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
	}
}

func wait(pid int) {
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			return
		}
	}
}

func makeExecutable() error {
	page, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	defer unix.Munmap(page)
	return unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC)
}

// trace seizes a child of ours; where none can be had, a process that does not
// exist, of which the kernel says so (ESRCH) only if it would trace it.
func trace() error {
	const nobody = 1<<31 - 1
	pid, errno := forkChild(true)
	if errno != 0 {
		if err := seize(nobody); err != unix.ESRCH {
			return err
		}
		return nil
	}
	err := seize(pid)
	unix.Kill(pid, unix.SIGKILL)
	wait(pid)
	if err != 0 {
		return err
	}
	return nil
}

func seize(pid int) syscall.Errno {
	_, _, errno := unix.RawSyscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(pid), 0, 0, 0, 0)
	return errno
}
