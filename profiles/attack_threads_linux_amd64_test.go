package profiles_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// anyThread are attacks that end the server, whichever thread they come from.
var anyThread = []attack{
	simple("execve", killed, "", unix.SYS_EXECVE, "/bin/sh", 0, 0),
	simple("socket", killed, "", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0),
	onFile("connect", killed, "", unix.SYS_CONNECT, func(v *victim) []any { return []any{3, loopback(v.port()), 16} }),
	onFile("open for writing", killed, "", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.state + "/file", unix.O_WRONLY, 0} }),
	simple("fork", killed, "", unix.SYS_FORK),
	simple("clone of a process", killed, "", unix.SYS_CLONE, int(unix.SIGCHLD), 0, 0, 0, 0),
	simple("mprotect to code", killed, "", unix.SYS_MPROTECT, 0x1000, 4096, unix.PROT_READ|unix.PROT_EXEC),
	simple("io_uring_setup", killed, "", unix.SYS_IO_URING_SETUP, 1, make([]byte, 120)),
	{"int 0x80", killed, "", func(v *victim) outcome { return v.call32(20) }},
	simple("x32", killed, "", 0x4000_0000|unix.SYS_GETPID),
}

// otherThreads are attacks that only some thread's powers would allow.
var otherThreads = []struct {
	attack
	but []string // those that have them
}{
	{simple("accept4", "EPERM", "", unix.SYS_ACCEPT4, -1, 0, 0, unix.SOCK_NONBLOCK), []string{"memcached"}},
	{simple("listen", "EPERM", "", unix.SYS_LISTEN, -1, 1), []string{"memcached"}},
	{simple("unlink", "EPERM", "", unix.SYS_UNLINK, "/nothing"), []string{"memcached"}},
	{simple("sendmsg", "EPERM", "", unix.SYS_SENDMSG, -1, 0, 0), []string{"mc-worker"}},
	{simple("raise", "EPERM", "", unix.SYS_TGKILL, -1, -1, int(unix.SIGINT)), []string{"mc-worker"}},
	{simple("a thread", "EPERM", "", unix.SYS_CLONE, unix.CLONE_THREAD, 0, 0, 0, 0), nil},
	{simple("read", "EPERM", "", unix.SYS_READ, -1, 0, 0), []string{"memcached", "mc-worker", "mc-log"}},
	{simple("a file", "EPERM", "", unix.SYS_OPENAT, unix.AT_FDCWD, "/etc/passwd", unix.O_RDONLY, 0), []string{"memcached", "mc-worker"}},
	{simple("shared memory", "EPERM", "", unix.SYS_MMAP, 0, 4096, pageRW, unix.MAP_SHARED|unix.MAP_ANON, -1, 0), nil},
	{simple("stat", "EPERM", "", unix.SYS_STAT, "/etc/passwd", 0), nil},
}

// TestAttackThreads goes for one thread of each class after the other.
func TestAttackThreads(t *testing.T) {
	needRoot(t)
	need(t, "memcached")
	for _, name := range []string{"memcached", "mc-worker", "mc-log", "mc-itemcrawler", "mc-assocmaint", "mc-lrumaint", "mc-slabmaint"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := narrowedDaemon(t)
			for _, a := range otherThreads {
				if o := v.tryIn(t, name, a.attack); !slices.Contains(a.but, name) && o.String() != a.want {
					t.Errorf("%s: %v, want %s", a.name, o, a.want)
				}
			}
			v.answers(t)
			for _, a := range anyThread {
				v := narrowedDaemon(t)
				if o := v.tryIn(t, name, a); o.String() != a.want {
					t.Errorf("%s: %v, want %s", a.name, o, a.want)
					continue
				}
				waitGone(t, v.pid)
			}
		})
	}
}

// narrowedDaemon is narrowed for a server that is no child of this process: Go
// waits for its children, and would take a stop of the first thread for an end.
func narrowedDaemon(t *testing.T) *victim {
	t.Helper()
	c := feature{args: tcp("-d", "-P", "STATE/pid"), sets: []string{"daemon=yes"}}.open(t, nobody, underProfile)
	mustBeNarrowed(t, c.pid, 10) // it answers before, while narrow still traces it
	return newVictim(t, c)
}

// tryIn runs an attack in a thread of that name.
func (v *victim) tryIn(t *testing.T, name string, a attack) outcome {
	t.Helper()
	v.injector = attachTo(t, v.pid, threadOf(t, v.pid, name))
	defer v.detach()
	return a.run(v)
}

// threadOf finds a thread by its name.
func threadOf(t *testing.T, pid int, name string) int {
	t.Helper()
	for _, tid := range tids(t, pid) {
		comm, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/comm", pid, tid))
		if err == nil && string(bytes.TrimSpace(comm)) == name {
			return tid
		}
	}
	t.Fatalf("no thread %s", name)
	return 0
}
