package kernel

import (
	"os"
	"runtime"
	"sort"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ReadMemory reads another process's memory whole, or is an error. It takes
// the right to trace the process.
func ReadMemory(pid int, addr uint64, to []byte) error {
	return remote(pid, addr, to, "process_vm_readv", unix.SYS_PROCESS_VM_READV)
}

// WriteMemory writes to another process's memory, where that is writable.
func WriteMemory(pid int, addr uint64, from []byte) error {
	return remote(pid, addr, from, "process_vm_writev", unix.SYS_PROCESS_VM_WRITEV)
}

func remote(pid int, addr uint64, buf []byte, op string, nr uintptr) error {
	if len(buf) == 0 {
		return nil
	}
	local := unix.Iovec{Base: &buf[0]}
	local.SetLen(len(buf))
	theirs := unix.RemoteIovec{Base: uintptr(addr), Len: len(buf)}
	n, _, errno := unix.RawSyscall6(nr, uintptr(pid), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&theirs)), 1, 0)
	runtime.KeepAlive(buf)
	if errno == 0 && int(n) != len(buf) {
		errno = unix.EFAULT
	}
	if errno != 0 {
		return &Error{op, Tracing, pid, errno}
	}
	return nil
}

// PidfdOpen returns a descriptor of a process (since 5.3). The caller closes it.
func PidfdOpen(pid int) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, &Error{"pidfd_open", Tracing, pid, err}
	}
	return fd, nil
}

// PidfdGetfd returns a copy of another process's descriptor (since 5.6). It
// takes the right to trace the process. The caller closes it.
func PidfdGetfd(pidfd, fd int) (int, error) {
	copied, err := unix.PidfdGetfd(pidfd, fd, 0)
	if err != nil {
		return -1, &Error{"pidfd_getfd", Tracing, 0, err}
	}
	return copied, nil
}

// SetLimitOf is SetLimit for another process: of the same user, or with
// CAP_SYS_RESOURCE.
func SetLimitOf(pid, resource int, l Limit) error {
	if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: l.Soft, Max: l.Hard}, nil); err != nil {
		return &Error{"prlimit64", Limits, pid, err}
	}
	return nil
}

// LimitOf reads a limit of another process.
func LimitOf(pid, resource int) (Limit, error) {
	var r unix.Rlimit
	if err := unix.Prlimit(pid, resource, nil, &r); err != nil {
		return Limit{}, &Error{"prlimit64", Limits, pid, err}
	}
	return Limit{r.Cur, r.Max}, nil
}

// TaskIDs lists the threads of a process by id.
func TaskIDs(pid int) ([]int, error) {
	dir, err := os.Open("/proc/" + strconv.Itoa(pid) + "/task")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	return numbers(names), nil
}

// SameFiles reports whether two threads share their descriptors (kcmp(2)); also
// if this kernel cannot tell, as threads mostly do.
func SameFiles(tid, other int) bool {
	const kcmpFiles = 2 // KCMP_FILES (linux/kcmp.h)
	r, _, errno := unix.RawSyscall6(unix.SYS_KCMP, uintptr(tid), uintptr(other), kcmpFiles, 0, 0, 0)
	return errno != 0 || r == 0
}

// DescriptorsOf lists another process's descriptors by number; whether they are
// close-on-exec is not told.
func DescriptorsOf(pid int) ([]Descriptor, error) {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &Error{"openat(" + dir + ")", Descriptors, 0, errnoOf(err)}
	}
	var open []Descriptor
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if target, err := os.Readlink(dir + "/" + e.Name()); err == nil {
			open = append(open, Descriptor{FD: fd, Target: target})
		}
	}
	sort.Slice(open, func(i, j int) bool { return open[i].FD < open[j].FD })
	return open, nil
}
