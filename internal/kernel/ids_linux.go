package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// SetGroups sets the supplementary groups of the calling thread. (x/sys has it
// for all threads, which the thread that is about to exec does not need.)
func SetGroups(gids []uint32) error {
	_, _, errno := unix.RawSyscall(sysSetgroups, uintptr(len(gids)), uintptr(unsafe.Pointer(unsafe.SliceData(gids))), 0)
	return idsError("setgroups", errno)
}

// SetResGID sets the real, effective and saved group id of the calling thread.
func SetResGID(gid uint32) error {
	_, _, errno := unix.RawSyscall(sysSetresgid, uintptr(gid), uintptr(gid), uintptr(gid))
	return idsError("setresgid", errno)
}

// SetResUID sets the real, effective and saved user id of the calling thread.
// Leaving 0 drops its capabilities unless SetKeepCaps said otherwise.
func SetResUID(uid uint32) error {
	_, _, errno := unix.RawSyscall(sysSetresuid, uintptr(uid), uintptr(uid), uintptr(uid))
	return idsError("setresuid", errno)
}

func idsError(op string, errno unix.Errno) error {
	if errno == 0 {
		return nil
	}
	return &Error{op, IDs, unix.Gettid(), errno}
}
