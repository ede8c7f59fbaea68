package kernel

import (
	"os"
	"slices"
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

// NumberIn is a process's number in the /proc below a root folder: in a PID
// namespace it has another one than in those above. It is the one that we know
// where no other shows the same process there.
func NumberIn(root, pid int) int {
	proc := "/proc/" + strconv.Itoa(pid)
	status, err := os.ReadFile(proc + "/status")
	if err != nil {
		return pid
	}
	stat, _ := os.ReadFile(proc + "/stat")
	start, known := startOf(string(stat))
	for _, n := range slices.Backward(numbersOf(string(status))) {
		if there, ok := startIn(root, n); known && ok && there == start {
			return n
		}
	}
	return pid
}

// numbersOf reads the numbers that a process has in its PID namespaces in the
// text of its status file, the outermost first (since 4.1).
func numbersOf(status string) []int {
	_, line, _ := strings.Cut(status, "\nNSpid:")
	line, _, _ = strings.Cut(line, "\n")
	var all []int
	for _, field := range strings.Fields(line) {
		if n, err := strconv.Atoi(field); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// startIn is when the process started that has a number in the /proc below root.
func startIn(root, n int) (uint64, bool) {
	fd, err := OpenPathIn(root, "/proc/"+strconv.Itoa(n)+"/stat")
	if err != nil {
		return 0, false
	}
	defer Close(fd)
	text, err := os.ReadFile("/proc/self/fd/" + strconv.Itoa(fd))
	if err != nil {
		return 0, false
	}
	return startOf(string(text))
}
