package kernel

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Orphan is a program to be started as nobody's child, in a session of its own:
// the child of a fork that ends at once. The caller gets no SIGCHLD but of that
// fork, which is waited for. It has no environment, starts in the root folder,
// and has Files as its descriptors 0, 1, ...
type Orphan struct {
	Path  string
	Args  []string // with argv[0]
	Files []int
}

// orphan is an Orphan as system calls take it: after a fork nothing may be
// allocated.
type orphan struct {
	path  *byte
	root  *byte
	argv  []*byte // null-ended
	env   [1]*byte
	files [maxOrphanFiles]int
	n     int
	empty [16]byte // a signal mask
}

const maxOrphanFiles = 16

// Start starts it. An error of the program itself, such as a path that is not
// there, shows as a process that is gone: what is to be heard from it should be
// waited for with an end in mind.
func (o *Orphan) Start() error {
	prepared, err := o.prepare()
	if err != nil {
		return err
	}
	// No handler of Go's runtime may run in the forks.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, old [16]byte
	for i := range all {
		all[i] = 0xff
	}
	if err := sigprocmask(&all, &old); err != nil {
		return err
	}
	pid, errno := prepared.fork()
	maskErr := sigprocmask(&old, nil)
	if errno != 0 {
		return &Error{"clone", Exec, 0, errno}
	}
	if maskErr != nil {
		return maskErr
	}
	return awaitFork(int(pid))
}

// awaitFork reaps the fork in between, whose status is an errno.
func awaitFork(pid int) error {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(pid, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err == nil && status.ExitStatus() != 0 {
			err = unix.Errno(status.ExitStatus())
		}
		if err != nil {
			return &Error{"clone", Exec, pid, err}
		}
		return nil
	}
}

func (o *Orphan) prepare() (*orphan, error) {
	p := &orphan{n: len(o.Files)}
	if p.n > maxOrphanFiles {
		return nil, &Error{"execve", Exec, 0, unix.EMFILE}
	}
	copy(p.files[:], o.Files)
	var err error
	if p.path, err = unix.BytePtrFromString(o.Path); err != nil {
		return nil, &Error{"execve", Exec, 0, err}
	}
	if p.root, err = unix.BytePtrFromString("/"); err != nil {
		return nil, err
	}
	for _, arg := range o.Args {
		s, err := unix.BytePtrFromString(arg)
		if err != nil {
			return nil, &Error{"execve", Exec, 0, err}
		}
		p.argv = append(p.argv, s)
	}
	p.argv = append(p.argv, nil)
	return p, nil
}

// fork makes the fork that ends at once. In the forks there are no other
// threads and no runtime, so they make system calls and nothing else.
//
//go:nosplit
//go:norace
func (p *orphan) fork() (pid uintptr, errno unix.Errno) {
	pid, errno = rawFork()
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	if pid, errno = rawFork(); pid == 0 && errno == 0 {
		p.become()
	}
	for {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(errno), 0, 0)
	}
}

//go:nosplit
//go:norace
func rawFork() (pid uintptr, errno unix.Errno) {
	const signal = uintptr(unix.SIGCHLD)
	if runtime.GOARCH == "s390x" { // CONFIG_CLONE_BACKWARDS2: the stack comes first
		pid, _, errno = unix.RawSyscall6(unix.SYS_CLONE, 0, signal, 0, 0, 0, 0)
	} else {
		pid, _, errno = unix.RawSyscall6(unix.SYS_CLONE, signal, 0, 0, 0, 0, 0)
	}
	return pid, errno
}

// become turns the second fork into the program.
//
//go:nosplit
//go:norace
func (p *orphan) become() {
	unix.RawSyscall(unix.SYS_SETSID, 0, 0, 0)
	unix.RawSyscall(unix.SYS_CHDIR, uintptr(unsafe.Pointer(p.root)), 0, 0)
	for i := 0; i < p.n; i++ {
		fd, _, errno := unix.RawSyscall(unix.SYS_FCNTL, uintptr(p.files[i]), unix.F_DUPFD_CLOEXEC, uintptr(p.n)) // out of the way of those that come next
		if errno != 0 {
			return
		}
		p.files[i] = int(fd)
	}
	for i := 0; i < p.n; i++ {
		if _, _, errno := unix.RawSyscall(unix.SYS_DUP3, uintptr(p.files[i]), uintptr(i), 0); errno != 0 {
			return
		}
	}
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&p.empty)), 0, sigsetSize(), 0, 0)
	unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(p.path)), uintptr(unsafe.Pointer(&p.argv[0])), uintptr(unsafe.Pointer(&p.env)))
}
