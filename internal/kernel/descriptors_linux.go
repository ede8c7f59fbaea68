package kernel

import (
	"errors"
	"math"
	"os"
	"sort"
	"strconv"

	"golang.org/x/sys/unix"
)

// CloseRangeCloexec marks the process's descriptors first..last, both
// included, close-on-exec, as close_range(CLOSE_RANGE_CLOEXEC) does (since
// 5.11); on an older kernel it goes through those that are open.
func CloseRangeCloexec(first, last uint32) error {
	err := unix.CloseRange(uint(first), uint(last), unix.CLOSE_RANGE_CLOEXEC)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL):
		return &Error{"close_range(CLOSE_RANGE_CLOEXEC)", Descriptors, 0, err}
	}
	fds, err := openNumbers()
	if err != nil {
		return err
	}
	for _, fd := range fds {
		if fd < first || fd > last {
			continue
		}
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, unix.FD_CLOEXEC); err != nil && err != unix.EBADF {
			return &Error{"fcntl(F_SETFD)", Descriptors, 0, err}
		}
	}
	return nil
}

// LastDescriptor is the highest number that close_range takes for "all".
const LastDescriptor = math.MaxUint32

// Descriptor is one open descriptor of this process.
type Descriptor struct {
	FD      int
	Target  string // as /proc/self/fd has it: a path, "socket:[123]", "pipe:[4]", ...
	Cloexec bool
}

// OpenDescriptors lists this process's descriptors by number.
func OpenDescriptors() ([]Descriptor, error) {
	fds, err := openNumbers()
	if err != nil {
		return nil, err
	}
	var open []Descriptor
	for _, fd := range fds {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil {
			continue // the one that the folder was read by
		}
		target, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(int(fd)))
		if err != nil {
			target = "?"
		}
		open = append(open, Descriptor{int(fd), target, flags&unix.FD_CLOEXEC != 0})
	}
	return open, nil
}

func openNumbers() ([]uint32, error) {
	f, err := os.Open("/proc/self/fd")
	if err != nil {
		return nil, &Error{"openat(/proc/self/fd)", Descriptors, 0, errnoOf(err)}
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	if err != nil {
		return nil, &Error{"getdents64(/proc/self/fd)", Descriptors, 0, errnoOf(err)}
	}
	fds := make([]uint32, 0, len(names))
	for _, name := range names {
		if n, err := strconv.ParseUint(name, 10, 32); err == nil && uintptr(n) != f.Fd() {
			fds = append(fds, uint32(n))
		}
	}
	sort.Slice(fds, func(i, j int) bool { return fds[i] < fds[j] })
	return fds, nil
}

// errnoOf takes the errno out of what package os wraps it in.
func errnoOf(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	return err
}
