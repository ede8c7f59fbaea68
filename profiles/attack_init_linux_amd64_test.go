package profiles_test

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// inInitAttacks are what phase init, in which no client has been heard yet,
// stands against: it is the phase of the loader and of main's start, and has
// /proc/self/task to write to, for the names of threads.
var inInitAttacks = []attack{
	simple("execve", killed, "", unix.SYS_EXECVE, "/bin/sh", 0, 0),
	simple("getpid as x32", killed, "", 0x4000_0000|unix.SYS_GETPID),
	{"int 0x80", killed, "", func(v *victim) outcome { return v.call32(20) }},
	onFile("ptrace", killed, "", unix.SYS_PTRACE, func(v *victim) []any { return []any{unix.PTRACE_SEIZE, v.otherPid(), 0, 0} }),
	{"connect", "EACCES", "", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome { return v.connect(fd) })
	}},
	simple("netlink socket", "EAFNOSUPPORT", "", unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE),
	simple("fork", "EPERM", "", unix.SYS_FORK),
	simple("memfd_create", "EPERM", "", unix.SYS_MEMFD_CREATE, "code", 0),
	simple("io_uring_setup", "ENOSYS", "", unix.SYS_IO_URING_SETUP, 1, make([]byte, 120)),
	onFile("open a file for writing", "EACCES", "", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), unix.O_RDWR, 0} }),
	simple("open /proc/self/mem", "EACCES", "", unix.SYS_OPENAT, unix.AT_FDCWD, "/proc/self/mem", unix.O_RDWR, 0),
	simple("list /proc", "EACCES", "", unix.SYS_OPENAT, unix.AT_FDCWD, "/proc", unix.O_DIRECTORY, 0),
	{"mprotect of data to code", "EPERM", "", func(v *victim) outcome { return v.mprotect(unix.PROT_READ | unix.PROT_EXEC) }},

	// Code by /proc/self/task/TID/mem, which does not ask whether a page is
	// writable: it can be opened, but no position in it be reached.
	{"write code by position", "EPERM", "", func(v *victim) outcome {
		return v.call(unix.SYS_PWRITE64, v.ownMemory(), "\xcc", 1, v.find("memcached", 0xc3))
	}},
	{"write code by position, several", "EPERM", "", func(v *victim) outcome {
		return v.call(unix.SYS_PWRITEV, v.ownMemory(), 0, 0, v.find("memcached", 0xc3))
	}},
	{"go to code", "EPERM", "", func(v *victim) outcome {
		return v.call(unix.SYS_LSEEK, v.ownMemory(), v.find("memcached", 0xc3), unix.SEEK_SET)
	}},
	{"write where it begins", "EIO", "", func(v *victim) outcome { return v.call(unix.SYS_WRITE, v.ownMemory(), "\xcc", 1) }},
}

// ownMemory opens the thread's memory as a file, for writing.
func (v *victim) ownMemory() int64 {
	v.t.Helper()
	o := v.call(unix.SYS_OPENAT, unix.AT_FDCWD, fmt.Sprintf("/proc/self/task/%d/mem", v.tid), unix.O_RDWR, 0)
	if o.failed() {
		v.t.Fatalf("opening mem: %v; nothing is shown then", o)
	}
	return o.result
}

// TestAttackInit tries them from a worker of a server that stays in phase init.
func TestAttackInit(t *testing.T) {
	needRoot(t)
	need(t, "memcached")
	for _, a := range inInitAttacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, feature{args: tcp()}.open(t, nobody, inInit))
			if o := v.try(t, a); o.String() != a.want {
				t.Errorf("%v, want %s", o, a.want)
			}
		})
	}
}
