package kernel

import (
	"errors"
	"os"
	"sort"
	"strconv"

	"golang.org/x/sys/unix"
)

// ThreadStatus reads what /proc says about one thread of a process. A thread
// that is gone is an error that is os.ErrNotExist or ESRCH.
func ThreadStatus(pid, tid int) (*Status, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/status")
	if err != nil {
		return nil, err
	}
	return ParseStatus(string(text))
}

// ProcessStatus reads what /proc says about every thread of a process, by
// thread id. Threads that end meanwhile are left out.
func ProcessStatus(pid int) ([]*Status, error) {
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return nil, err
	}
	var all []*Status
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		s, err := ThreadStatus(pid, tid)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].TID < all[j].TID })
	return all, nil
}
