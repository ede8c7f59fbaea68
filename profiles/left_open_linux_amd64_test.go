package profiles_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// leftOpen is what a single phase with every feature on cannot take away, each
// with the reason. A line whose outcome changes belongs among the attacks.
var leftOpen = []attack{
	// -d forks with exactly these flags; a phase for serving takes it away.
	simple("clone as -d does", "ok", "ok", unix.SYS_CLONE, unix.CLONE_CHILD_CLEARTID|unix.CLONE_CHILD_SETTID|int(unix.SIGCHLD), 0, 0, 0, 0),
	// The loader maps libraries so, and MDWE lets a file's pages be code. A
	// state folder mounted noexec stops it; a phase for serving will.
	{"map a file of its own as code", "ok", "ok", func(v *victim) outcome {
		o := v.call(unix.SYS_OPENAT, unix.AT_FDCWD, v.state+"/code", unix.O_CREAT|unix.O_RDWR, 0o600)
		v.call(unix.SYS_WRITE, o.result, "\xc3", 1)
		return v.call(unix.SYS_MMAP, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_DENYWRITE, o.result, 0)
	}},
	// Landlock knows bind, not the port that listen picks by itself.
	{"listen on a port of the kernel's choice", "ok", "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome { return v.call(unix.SYS_LISTEN, fd, 1) })
	}},
	// Answers over UDP carry addresses, which seccomp cannot read: udp=no.
	{"datagram to anybody", "ok", "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_DGRAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_SENDTO, fd, "x", 1, 0, loopback(v.port()), 16)
		})
	}},
	// `shutdown` and abort raise these; no filter knows whose process it is.
	{"SIGABRT to a process of the same user", "ok", "ok", func(v *victim) outcome {
		return v.call(unix.SYS_TGKILL, v.otherPid(), v.otherPid(), int(unix.SIGABRT))
	}},
}

// TestAttackLeftOpen holds the list of known gaps to what is so.
func TestAttackLeftOpen(t *testing.T) {
	needRoot(t)
	need(t, "memcached")
	for _, a := range leftOpen {
		t.Run(a.name, func(t *testing.T) {
			if o := narrowed(t, nobody).try(t, a); o.String() != a.want {
				t.Errorf("%v, want %s", o, a.want)
			}
		})
	}
}

// TestAttackWithoutUDP shows that udp=no takes datagrams away.
func TestAttackWithoutUDP(t *testing.T) {
	needRoot(t)
	need(t, "memcached")
	server, address, state := serve(t, nobody, []string{"udp=no"})
	server.waitFor("tcp", address)
	v := surroundings(t, state)
	v.server, v.address = server, address
	for _, family := range []int{unix.AF_INET, unix.AF_INET6, garbage | unix.AF_INET} {
		a := simple("UDP socket", "EPROTONOSUPPORT", "ok", unix.SYS_SOCKET, family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if o := v.try(t, a); o.String() != a.want {
			t.Errorf("family %x: %v, want %s", family, o, a.want)
		}
	}
	v.answers(t)
}
