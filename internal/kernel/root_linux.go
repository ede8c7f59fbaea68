package kernel

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// RootOf opens another process's root folder, as it sees it, or returns -1 if
// that is also ours. The caller closes it.
func RootOf(pid int) (int, error) {
	proc := "/proc/" + strconv.Itoa(pid)
	theirs, err := os.Readlink(proc + "/ns/mnt")
	if err != nil {
		return -1, err
	}
	ours, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		return -1, err
	}
	fd, err := OpenPath(proc + "/root")
	if err != nil {
		return -1, err
	}
	place, err := PlaceOf(fd)
	if err != nil {
		Close(fd)
		return -1, err
	}
	here, err := OpenPath("/")
	if err != nil {
		Close(fd)
		return -1, err
	}
	defer Close(here)
	if own, err := PlaceOf(here); err == nil && ours == theirs && own == place {
		Close(fd)
		return -1, nil
	}
	return fd, nil
}

// OpenPathIn opens a place with O_PATH as a process does whose root folder is
// root: no link leads out of it (openat2(2), since 5.6).
func OpenPathIn(root int, path string) (int, error) {
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT}
	fd, err := unix.Openat2(root, strings.TrimPrefix(path, "/"), &how)
	if err != nil {
		return -1, &Error{"openat2(" + path + ", O_PATH)", Landlock, 0, err}
	}
	return fd, nil
}
