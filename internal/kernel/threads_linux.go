package kernel

import (
	"errors"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrMayNot means that a call was not made, as its caller said that it must not be.
var ErrMayNot = errors.New("a filter would stop the calls that read /proc")

// May answers whether the calling thread may make a call without being stopped
// by a filter. Pointers are given as some number that is not 0.
type May func(nr uintptr, args ...uint64) bool

// Threads is what /proc says about this process's threads, for a caller that
// will soon not be allowed to open it: the files are opened now, and read when
// Status is called.
type Threads struct {
	may   May
	files []threadFile
}

type threadFile struct{ tid, fd int }

// OpenThreads opens the status file of every thread of this process. It makes
// no calls but openat, getdents64, read and close, and asks before each one;
// where the answer is no, the error is ErrMayNot. The caller closes it.
func OpenThreads(may May) (*Threads, error) {
	t := &Threads{may: may}
	tids, err := t.list()
	if err != nil {
		return nil, err
	}
	for _, tid := range tids {
		fd, err := t.open(threadPath(tid, "status"), 0)
		if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
			continue // it has ended
		}
		if err != nil {
			t.Close()
			return nil, err
		}
		t.files = append(t.files, threadFile{tid, fd})
	}
	return t, nil
}

// OpenThread is OpenThreads for one thread of this process.
func OpenThread(tid int, may May) (*Threads, error) {
	t := &Threads{may: may}
	fd, err := t.open(threadPath(tid, "status"), 0)
	if err != nil {
		return nil, err
	}
	t.files = []threadFile{{tid, fd}}
	return t, nil
}

// ThreadStart is when the kernel started a thread of this process, in clock
// ticks since boot: thread ids come again, with it they do not
// (proc_pid_stat(5), starttime).
func ThreadStart(tid int, may May) (uint64, error) {
	t := &Threads{may: may}
	fd, err := t.open(threadPath(tid, "stat"), 0)
	if err != nil {
		return 0, err
	}
	defer t.close(fd)
	text, err := t.read(fd)
	if err != nil {
		return 0, err
	}
	start, ok := startOf(text)
	if !ok {
		return 0, &Error{"read(/proc/self/task/*/stat)", Seccomp, tid, unix.EINVAL}
	}
	return start, nil
}

// startOf reads starttime in the text of a stat file. The name stands in
// parentheses and may hold anything; it is the 20th field behind them.
func startOf(text string) (uint64, bool) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return 0, false
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	return start, err == nil
}

func threadPath(tid int, file string) string {
	return "/proc/self/task/" + strconv.Itoa(tid) + "/" + file
}

// Under tells by what to judge from now on which calls may be made, as the
// thread has other filters than when the files were opened.
func (t *Threads) Under(may May) { t.may = may }

// Status reads the files, once. Threads that have ended are left out.
func (t *Threads) Status() ([]*Status, error) {
	var all []*Status
	for _, f := range t.files {
		text, err := t.read(f.fd)
		if errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s, err := ParseStatus(text)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Close closes the files; those that may not be closed stay open.
func (t *Threads) Close() {
	for _, f := range t.files {
		t.close(f.fd)
	}
	t.files = nil
}

// somewhere stands for a pointer, of which filters only see that it is not NULL.
const somewhere = 1 << 20

func (t *Threads) open(path string, flags int) (int, error) {
	flags |= unix.O_RDONLY | unix.O_CLOEXEC
	at := int64(unix.AT_FDCWD)
	// x/sys adds O_LARGEFILE, which is 0 where files are large anyway.
	if !t.may(unix.SYS_OPENAT, uint64(at), somewhere, uint64(flags|unix.O_LARGEFILE)) {
		return -1, ErrMayNot
	}
	fd, err := unix.Open(path, flags, 0)
	if err != nil {
		return -1, &Error{"open(" + path + ")", Seccomp, 0, err}
	}
	return fd, nil
}

func (t *Threads) close(fd int) {
	if t.may(unix.SYS_CLOSE, uint64(fd)) {
		Close(fd)
	}
}

// list reads the ids of all threads.
func (t *Threads) list() ([]int, error) {
	const path = "/proc/self/task"
	fd, err := t.open(path, unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer t.close(fd)
	buf := make([]byte, 1<<14)
	var names []string
	for {
		if !t.may(unix.SYS_GETDENTS64, uint64(fd), somewhere, uint64(len(buf))) {
			return nil, ErrMayNot
		}
		n, err := unix.Getdents(fd, buf)
		if err != nil {
			return nil, &Error{"getdents64(" + path + ")", Seccomp, 0, err}
		}
		if n == 0 {
			return numbers(names), nil
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
}

// numbers are the names that are numbers.
func numbers(names []string) []int {
	var all []int
	for _, name := range names {
		if n, err := strconv.Atoi(name); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// read reads a file from where it is to its end.
func (t *Threads) read(fd int) (string, error) {
	var text []byte
	buf := make([]byte, 1<<13)
	for {
		if !t.may(unix.SYS_READ, uint64(fd), somewhere, uint64(len(buf))) {
			return "", ErrMayNot
		}
		n, err := unix.Read(fd, buf)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return "", &Error{"read(/proc/self/task/*/status)", Seccomp, 0, err}
		case n == 0:
			return string(text), nil
		default:
			text = append(text, buf[:n]...)
		}
	}
}
