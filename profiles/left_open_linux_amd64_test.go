package profiles_test

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// leftOpen is what a worker of phase serving with every feature on can still do
// to others, each with the reason. A line whose outcome changes belongs among the attacks.
var leftOpen = []attack{
	// refresh_certs reads the certificates again, and their key.
	{"read a file of its own folder", "ok", "ok", func(v *victim) outcome {
		return v.call(unix.SYS_OPENAT, unix.AT_FDCWD, v.state+"/own", unix.O_RDONLY, 0)
	}},
	// `shutdown` raises it; no filter knows whose process it is.
	{"SIGINT to a process of the same user", "ok", "ok", func(v *victim) outcome {
		return v.call(unix.SYS_TGKILL, v.otherPid(), v.otherPid(), int(unix.SIGINT))
	}},
}

// closed is what was open while one phase had every feature, and what it comes to now.
var closed = []attack{
	simple("clone as -d does", killed, "ok", unix.SYS_CLONE, unix.CLONE_CHILD_CLEARTID|unix.CLONE_CHILD_SETTID|int(unix.SIGCHLD), 0, 0, 0, 0),
	{"map a file of its own as code", killed, "ok", func(v *victim) outcome {
		o := v.call(unix.SYS_OPENAT, unix.AT_FDCWD, v.state+"/own", unix.O_RDONLY, 0)
		return v.call(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_DENYWRITE, o.result, 0)
	}},
	{"listen on a port of the kernel's choice", killed, "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome { return v.call(unix.SYS_LISTEN, fd, 1) })
	}},
	{"datagram to anybody", "EPROTONOSUPPORT", "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_SENDTO, fd, "x", 1, 0, loopback(v.port()), 16)
		})
	}},
	{"SIGABRT to a process of the same user", "EPERM", "ok", func(v *victim) outcome {
		return v.call(unix.SYS_TGKILL, v.otherPid(), v.otherPid(), int(unix.SIGABRT))
	}},
	{"code through /proc/self/mem", "EACCES", "ok", func(v *victim) outcome {
		return v.call(unix.SYS_OPENAT, unix.AT_FDCWD, fmt.Sprintf("/proc/self/task/%d/mem", v.tid), unix.O_RDWR, 0)
	}},
}

// TestAttackLeftOpen holds the list of known gaps to what is so.
func TestAttackLeftOpen(t *testing.T) {
	needRoot(t)
	need(t, "memcached")
	for _, a := range slices.Concat(leftOpen, closed) {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			v := narrowed(t, nobody)
			write(t, nobody, v.state+"/own", "\xc3")
			if o := v.try(t, a); o.String() != a.want {
				t.Errorf("%v, want %s", o, a.want)
			}
		})
	}
}
