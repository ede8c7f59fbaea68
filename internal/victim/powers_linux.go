package victim

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Powers tries everything that Attempts tries, and then what a server does in
// one phase or on one thread and should not do in another. It is about the
// calling thread. A call that the kernel refuses for what is wrong with its
// arguments has been let through, and counts as done.
func Powers(home, port string) []Result {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return append(Attempts(home, port),
		result("signal another process", "kill(getppid(), 0)", unix.Kill(unix.Getppid(), 0)),
		result("set up io_uring", "io_uring_setup(1)", setUpRing()),
		result("open a socket", "socket(AF_INET, SOCK_STREAM)", openSocket()),
		result("listen on another port", "bind(sin_port=0)", listen()),
		result("start a thread", "clone(flags=CLONE_VM|CLONE_THREAD|...)", startThread()),
		result("accept a client", "accept4(SOCK_NONBLOCK|SOCK_CLOEXEC)", accept()),
	)
}

func setUpRing() error {
	var params [120]byte // struct io_uring_params
	fd, _, errno := unix.RawSyscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
	if errno != 0 {
		return errno
	}
	return unix.Close(int(fd))
}

func openSocket() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func listen() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return err
	}
	return unix.Listen(fd, 1)
}

// startThread asks for a thread as libc and Go do, with two flags more that
// exclude each other (kernel/fork.c:SYSCALL_DEFINE5(clone), since 5.2): EINVAL
// comes after every decision on whether there may be one.
func startThread() error {
	if !refusesBoth() {
		return unix.ENOTSUP
	}
	const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
	_, _, errno := unix.RawSyscall6(unix.SYS_CLONE, thread|unix.CLONE_PIDFD|unix.CLONE_PARENT_SETTID, 0, 0, 0, 0, 0)
	return letThrough(errno, unix.EINVAL)
}

// accept asks for a client of a descriptor that is none.
func accept() error {
	_, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, ^uintptr(0), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	return letThrough(errno, unix.EBADF)
}

// letThrough is nil if the kernel got as far as its own complaint.
func letThrough(errno, complaint syscall.Errno) error {
	if errno == complaint {
		return nil
	}
	return errno
}

// refusesBoth reports whether this kernel knows that the two flags exclude each
// other. It is asked once, as a filter may deny uname later on.
var refusesBoth = sync.OnceValue(func() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var major, minor int
	_, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 5 || major == 5 && minor >= 2)
})
