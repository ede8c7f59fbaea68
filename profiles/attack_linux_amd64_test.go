package profiles_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// An attack is what a break-in tries from inside the server. want is its
// outcome under the profile. free is what a server without narrow, run by the
// same user, gets: where it says ok, nothing but narrow stands in the way. It
// is empty where the kernel's configuration decides.
type attack struct {
	name       string
	want, free string
	run        func(v *victim) outcome
}

const killed = "killed by SIGSYS"

// victim is the server under attack, and what lies around it. The user of the
// server owns every file here, so that plain permissions deny nothing.
type victim struct {
	*injector
	server   *server
	pid      int
	address  string
	outside  string // a folder that is not the server's
	state    string // the server's own
	listener net.Listener
	other    *exec.Cmd // a process of the same user
}

// file is a file of the victim's user outside of the state folder.
func (v *victim) file() string { return v.outside + "/file" }

// simple is an attack of a single call.
func simple(name, want, free string, nr int, args ...any) attack {
	return attack{name, want, free, func(v *victim) outcome { return v.call(nr, args...) }}
}

// onFile is an attack whose first arguments are built from the victim.
func onFile(name, want, free string, nr int, args func(v *victim) []any) attack {
	return attack{name, want, free, func(v *victim) outcome { return v.call(nr, args(v)...) }}
}

// garbage fills the half of an int argument that the kernel does not read.
const garbage = 0x5eed_0000_0000_0000

// programs are attempts to run another program.
var programs = []attack{
	simple("execve of a shell", killed, "became another program", unix.SYS_EXECVE, "/bin/sh", 0, 0),
	simple("execve of itself", killed, "became another program", unix.SYS_EXECVE, "/usr/bin/memcached", 0, 0),
	simple("execveat", killed, "became another program", unix.SYS_EXECVEAT, unix.AT_FDCWD, "/bin/sh", 0, 0, 0),
	simple("execve as x32", killed, "ENOSYS", 0x4000_0000|520, "/bin/sh", 0, 0),
	simple("getpid as x32", killed, "", 0x4000_0000|unix.SYS_GETPID),
	{"int 0x80", killed, "", func(v *victim) outcome { return v.call32(20) }},
	simple("fork", killed, "ok", unix.SYS_FORK),
	simple("clone of a process", killed, "ok", unix.SYS_CLONE, int(unix.SIGCHLD), 0, 0, 0, 0),
	simple("clone of a process, garbage above", killed, "ok", unix.SYS_CLONE, garbage|int(unix.SIGCHLD), 0, 0, 0, 0),
	simple("vfork", killed, "", unix.SYS_VFORK),
	simple("clone with shared memory", killed, "", unix.SYS_CLONE, unix.CLONE_VM|int(unix.SIGCHLD), 0, 0, 0, 0),
	simple("clone into a namespace", killed, "ok", unix.SYS_CLONE, unix.CLONE_NEWUSER|int(unix.SIGCHLD), 0, 0, 0, 0),
	{"clone3", "ENOSYS", "ok", func(v *victim) outcome {
		return v.call(unix.SYS_CLONE3, words(0, 0, 0, 0, uint64(unix.SIGCHLD), 0, 0, 0), 64)
	}},
}

// sockets are attempts to talk to others than clients.
var sockets = []attack{
	{"connect to a listener", killed, "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome { return v.connect(fd) })
	}},
	{"connect with garbage above the descriptor", killed, "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome { return v.connect(garbage | fd) })
	}},
	{"sendto with MSG_FASTOPEN", killed, "ok", func(v *victim) outcome { return v.fastOpen(unix.MSG_FASTOPEN) }},
	{"sendto with MSG_FASTOPEN, garbage above", killed, "ok", func(v *victim) outcome { return v.fastOpen(garbage | unix.MSG_FASTOPEN) }},
	{"sendmsg with MSG_FASTOPEN", killed, "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_SENDMSG, fd, v.message(), unix.MSG_FASTOPEN)
		})
	}},
	{"sendmmsg with MSG_FASTOPEN", killed, "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_SENDMMSG, fd, append(v.message(), make([]byte, 8)...), 1, unix.MSG_FASTOPEN)
		})
	}},
	onFile("connect of a socket that is there", killed, "", unix.SYS_CONNECT, func(v *victim) []any { return []any{3, loopback(v.port()), 16} }),
	onFile("sendmsg with MSG_FASTOPEN of a socket that is there", "ENOTSUP", "", unix.SYS_SENDMSG, func(v *victim) []any {
		return []any{3, v.message(), garbage | unix.MSG_FASTOPEN}
	}),
	{"bind of another TCP port", killed, "ok", func(v *victim) outcome {
		port, _ := strconv.Atoi(freePort(v.t))
		return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_BIND, fd, loopback(port), 16)
		})
	}},
	{"connect to a unix socket", "EAFNOSUPPORT", "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_UNIX, unix.SOCK_STREAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_CONNECT, fd, unixAddress(v.outside+"/stream"), 110)
		})
	}},
	{"datagram to a unix socket", "EAFNOSUPPORT", "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_UNIX, unix.SOCK_DGRAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_SENDTO, fd, "x", 1, 0, unixAddress(v.outside+"/datagram"), 110)
		})
	}},
	{"bind of a unix socket outside", "EAFNOSUPPORT", "ok", func(v *victim) outcome {
		return v.withSocket(unix.AF_UNIX, unix.SOCK_STREAM, 0, func(fd int) outcome {
			return v.call(unix.SYS_BIND, fd, unixAddress(v.outside+"/made"), 110)
		})
	}},
	simple("MPTCP socket", "EPROTONOSUPPORT", "ok", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_MPTCP),
	simple("MPTCP socket, garbage above", "EPROTONOSUPPORT", "ok", unix.SYS_SOCKET, garbage|unix.AF_INET6, garbage|unix.SOCK_STREAM|unix.SOCK_CLOEXEC, garbage|unix.IPPROTO_MPTCP),
	simple("netlink socket", "EAFNOSUPPORT", "ok", unix.SYS_SOCKET, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE),
	simple("netlink socket, garbage above", "EAFNOSUPPORT", "ok", unix.SYS_SOCKET, garbage|unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE),
	simple("packet socket", "EAFNOSUPPORT", "EPERM", unix.SYS_SOCKET, unix.AF_PACKET, unix.SOCK_RAW, 0),
	simple("raw socket", "EPROTONOSUPPORT", "EPERM", unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP),
	simple("vsock socket", "EAFNOSUPPORT", "", unix.SYS_SOCKET, unix.AF_VSOCK, unix.SOCK_STREAM, 0),
	simple("AF_ALG socket", "EAFNOSUPPORT", "", unix.SYS_SOCKET, unix.AF_ALG, unix.SOCK_SEQPACKET, 0),
}

// created is the file that an attack tries to make.
var created = fmt.Sprintf("/tmp/narrow-attack-%d", os.Getpid())

// paths are attempts on files that are not the server's.
var paths = []attack{
	simple("open /etc/shadow", "EACCES", "EACCES", unix.SYS_OPENAT, unix.AT_FDCWD, "/etc/shadow", unix.O_RDONLY, 0),
	onFile("open a file for reading", "EACCES", "ok", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), unix.O_RDONLY, 0} }),
	onFile("open by the old call", "EPERM", "ok", unix.SYS_OPEN, func(v *victim) []any { return []any{v.file(), unix.O_RDONLY, 0} }),
	onFile("open by openat2", killed, "ok", unix.SYS_OPENAT2, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), words(0, 0, 0), 24} }),
	onFile("open for writing", "EACCES", "ok", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), unix.O_RDWR, 0} }),
	onFile("open with O_PATH", "EPERM", "ok", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), unix.O_PATH, 0} }),
	onFile("open with O_PATH, garbage above", "EPERM", "ok", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), garbage | unix.O_PATH, 0} }),
	onFile("truncate by open", killed, "ok", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), unix.O_WRONLY | unix.O_TRUNC, 0} }),
	onFile("through a way up from the state folder", "EACCES", "ok", unix.SYS_OPENAT, func(v *victim) []any {
		return []any{unix.AT_FDCWD, v.state + "/../" + filepath.Base(v.outside) + "/file", unix.O_RDONLY, 0}
	}),
	onFile("through a link in the state folder", "EACCES", "ok", unix.SYS_OPENAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.state + "/link", unix.O_RDONLY, 0} }),
	simple("create in /tmp", killed, "ok", unix.SYS_OPENAT, unix.AT_FDCWD, created, unix.O_CREAT|unix.O_WRONLY, 0o600),
	simple("create a nameless file", killed, "ok", unix.SYS_OPENAT, unix.AT_FDCWD, "/tmp", unix.O_TMPFILE|unix.O_RDWR, 0o600),
	simple("open /proc/self/mem", "EACCES", "ok", unix.SYS_OPENAT, unix.AT_FDCWD, "/proc/self/mem", unix.O_RDWR, 0),
	simple("open /proc/self/maps", "EACCES", "ok", unix.SYS_OPENAT, unix.AT_FDCWD, "/proc/self/maps", unix.O_RDONLY, 0),
	simple("list /", "EPERM", "ok", unix.SYS_OPENAT, unix.AT_FDCWD, "/", unix.O_DIRECTORY, 0),
	onFile("unlink", "EPERM", "ok", unix.SYS_UNLINK, func(v *victim) []any { return []any{v.file()} }),
	onFile("unlinkat", "EPERM", "ok", unix.SYS_UNLINKAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), 0} }),
	onFile("rename", "EPERM", "ok", unix.SYS_RENAME, func(v *victim) []any { return []any{v.file(), v.outside + "/new"} }),
	onFile("rename into the state folder", "EPERM", "ok", unix.SYS_RENAMEAT2, func(v *victim) []any {
		return []any{unix.AT_FDCWD, v.file(), unix.AT_FDCWD, v.state + "/stolen", 0}
	}),
	onFile("link", "EPERM", "ok", unix.SYS_LINK, func(v *victim) []any { return []any{v.file(), v.state + "/hard"} }),
	onFile("symlink", "EPERM", "ok", unix.SYS_SYMLINK, func(v *victim) []any { return []any{"/etc/passwd", v.outside + "/soft"} }),
	onFile("mkdir", "EPERM", "ok", unix.SYS_MKDIR, func(v *victim) []any { return []any{v.outside + "/folder", 0o700} }),
	onFile("mknod", "EPERM", "ok", unix.SYS_MKNODAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.outside + "/pipe", unix.S_IFIFO | 0o600, 0} }),
	onFile("truncate", "EPERM", "ok", unix.SYS_TRUNCATE, func(v *victim) []any { return []any{v.file(), 0} }),
	onFile("chmod", "EPERM", "ok", unix.SYS_CHMOD, func(v *victim) []any { return []any{v.file(), 0o666} }),
	onFile("fchmodat", "EPERM", "ok", unix.SYS_FCHMODAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), 0o666} }),
	onFile("chown", "EPERM", "ok", unix.SYS_CHOWN, func(v *victim) []any { return []any{v.file(), int(nobody.uid), int(nobody.gid)} }),
	onFile("setxattr", "EPERM", "ok", unix.SYS_SETXATTR, func(v *victim) []any { return []any{v.file(), "user.x", "1", 1, 0} }),
	onFile("utimensat", "EPERM", "ok", unix.SYS_UTIMENSAT, func(v *victim) []any { return []any{unix.AT_FDCWD, v.file(), 0, 0} }),
}

const pageRW = unix.PROT_READ | unix.PROT_WRITE

// code are attempts to make new machine code.
var code = []attack{
	simple("mmap of writable code", killed, "ok", unix.SYS_MMAP, 0, 4096, pageRW|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON, -1, 0),
	simple("mmap of writable code, garbage above", killed, "ok", unix.SYS_MMAP, 0, 4096, garbage|pageRW|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON, -1, 0),
	simple("mmap as the loader, but writable", killed, "ok", unix.SYS_MMAP, 0, 4096, pageRW|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_DENYWRITE, -1, 0),
	{"mprotect of data to code", killed, "ok", func(v *victim) outcome { return v.mprotect(unix.PROT_READ | unix.PROT_EXEC) }},
	{"mprotect of data to writable code", killed, "ok", func(v *victim) outcome { return v.mprotect(pageRW | unix.PROT_EXEC) }},
	{"mprotect, garbage above", killed, "EINVAL", func(v *victim) outcome { return v.mprotect(garbage | unix.PROT_READ | unix.PROT_EXEC) }},
	{"mprotect of code to writable", killed, "ok", func(v *victim) outcome {
		return v.call(unix.SYS_MPROTECT, v.find("memcached", 0x55)&^4095, 4096, pageRW|unix.PROT_EXEC)
	}},
	{"pkey_mprotect", killed, "ok", func(v *victim) outcome {
		o := v.call(unix.SYS_MMAP, 0, 4096, pageRW, unix.MAP_PRIVATE|unix.MAP_ANON, -1, 0)
		return v.call(unix.SYS_PKEY_MPROTECT, o.result, 4096, unix.PROT_READ|unix.PROT_EXEC, -1)
	}},
	simple("memfd_create", killed, "ok", unix.SYS_MEMFD_CREATE, "code", 0),
	simple("shared memory that runs", killed, "ok", unix.SYS_SHMGET, unix.IPC_PRIVATE, 4096, 0o600),
	simple("personality READ_IMPLIES_EXEC", "EPERM", "ok", unix.SYS_PERSONALITY, 0x0400000),
	simple("PR_SET_MDWE off", "EPERM", "", unix.SYS_PRCTL, unix.PR_SET_MDWE, 0, 0, 0, 0),
	simple("PR_SET_SECCOMP strict", "EPERM", "ok", unix.SYS_PRCTL, unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_STRICT, 0, 0, 0),
	simple("prctl with garbage above", "EPERM", "ok", unix.SYS_PRCTL, garbage|unix.PR_SET_PDEATHSIG, 0, 0, 0, 0),
	simple("PR_SET_PTRACER", "EPERM", "", unix.SYS_PRCTL, unix.PR_SET_PTRACER, -1, 0, 0, 0),
	simple("seccomp", "EPERM", "", unix.SYS_SECCOMP, 3, 0, words(0)),
}

// others are attempts on other processes and on the kernel.
var others = []attack{
	onFile("ptrace", killed, "ok", unix.SYS_PTRACE, func(v *victim) []any { return []any{unix.PTRACE_SEIZE, v.otherPid(), 0, 0} }),
	onFile("process_vm_readv", killed, "", unix.SYS_PROCESS_VM_READV, func(v *victim) []any { return []any{v.otherPid(), 0, 0, 0, 0, 0} }),
	onFile("process_vm_writev", killed, "ok", unix.SYS_PROCESS_VM_WRITEV, func(v *victim) []any { return []any{v.otherPid(), 0, 0, 0, 0, 0} }),
	onFile("kill", "EPERM", "ok", unix.SYS_KILL, func(v *victim) []any { return []any{v.otherPid(), 0} }),
	onFile("tkill", "EPERM", "ok", unix.SYS_TKILL, func(v *victim) []any { return []any{v.otherPid(), 0} }),
	onFile("tgkill", "EPERM", "ok", unix.SYS_TGKILL, func(v *victim) []any { return []any{v.otherPid(), v.otherPid(), int(unix.SIGUSR2)} }),
	onFile("rt_sigqueueinfo", "EPERM", "", unix.SYS_RT_SIGQUEUEINFO, func(v *victim) []any { return []any{v.otherPid(), 0, make([]byte, 128)} }),
	onFile("pidfd_open", "EPERM", "ok", unix.SYS_PIDFD_OPEN, func(v *victim) []any { return []any{v.otherPid(), 0} }),
	onFile("another's limits", "EPERM", "ok", unix.SYS_PRLIMIT64, func(v *victim) []any { return []any{v.otherPid(), unix.RLIMIT_CORE, words(0, 0), 0} }),
	onFile("another's priority", "EPERM", "ok", unix.SYS_SETPRIORITY, func(v *victim) []any { return []any{0, v.otherPid(), 19} }),
	simple("io_uring_setup", killed, "ok", unix.SYS_IO_URING_SETUP, 1, make([]byte, 120)),
	simple("bpf", killed, "", unix.SYS_BPF, 0, 0, 0),
	simple("userfaultfd", killed, "", unix.SYS_USERFAULTFD, 1),
	simple("perf_event_open", killed, "", unix.SYS_PERF_EVENT_OPEN, 0, 0, -1, -1, 0),
	simple("keyctl", killed, "ok", unix.SYS_KEYCTL, 0, -1, 1),
	simple("add_key", killed, "ok", unix.SYS_ADD_KEY, "user", "narrow", "x", 1, -1),
	simple("mount", killed, "EPERM", unix.SYS_MOUNT, "none", "/tmp", "tmpfs", 0, 0),
	simple("umount2", killed, "EPERM", unix.SYS_UMOUNT2, "/proc", 0),
	simple("unshare", killed, "EINVAL", unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
	simple("setns", killed, "EBADF", unix.SYS_SETNS, -1, 0),
	simple("chroot", killed, "EPERM", unix.SYS_CHROOT, "/"),
	simple("kexec_load", killed, "", unix.SYS_KEXEC_LOAD, 0, 0, 0, 0),
	simple("init_module", killed, "", unix.SYS_INIT_MODULE, 0, 0, ""),
	simple("fsopen", "EPERM", "", unix.SYS_FSOPEN, "tmpfs", 0),
	simple("open_by_handle_at", "EPERM", "", unix.SYS_OPEN_BY_HANDLE_AT, -1, 0, 0),
	simple("ioctl TIOCSTI", "EPERM", "", unix.SYS_IOCTL, 2, unix.TIOCSTI, "x"),
	simple("become root", killed, "EPERM", unix.SYS_SETUID, 0),
	simple("a call that no kernel knows", "ENOSYS", "ENOSYS", 0x3fff_0000),
}

// attacks is the whole table.
func attacks() []attack {
	var all []attack
	for _, some := range [][]attack{programs, sockets, paths, code, others} {
		all = append(all, some...)
	}
	return all
}

func (v *victim) otherPid() int { return v.other.Process.Pid }

// withSocket opens a socket in the victim for one more call, and closes it.
func (v *victim) withSocket(family, kind, protocol int, then func(fd int) outcome) outcome {
	v.t.Helper()
	o := v.call(unix.SYS_SOCKET, family, kind, protocol)
	if o.failed() {
		return o
	}
	defer func() {
		if !v.gone {
			v.call(unix.SYS_CLOSE, o.result)
		}
	}()
	return then(int(o.result))
}

// connect connects to the listener of the test.
func (v *victim) connect(fd int) outcome {
	v.t.Helper()
	return v.call(unix.SYS_CONNECT, fd, loopback(v.port()), 16)
}

func (v *victim) port() int { return v.listener.Addr().(*net.TCPAddr).Port }

// fastOpen connects by sending.
func (v *victim) fastOpen(flags int) outcome {
	v.t.Helper()
	return v.withSocket(unix.AF_INET, unix.SOCK_STREAM, 0, func(fd int) outcome {
		return v.call(unix.SYS_SENDTO, fd, "x", 1, flags, loopback(v.port()), 16)
	})
}

// message is a struct msghdr of one byte to the test's listener.
func (v *victim) message() []byte {
	v.t.Helper()
	vector := v.place(words(v.place([]byte("x")), 1))
	return words(v.place(loopback(v.port())), 16, vector, 1, 0, 0, 0)
}

// mprotect changes a fresh page of data.
func (v *victim) mprotect(prot int) outcome {
	v.t.Helper()
	o := v.call(unix.SYS_MMAP, 0, 4096, pageRW, unix.MAP_PRIVATE|unix.MAP_ANON, -1, 0)
	if o.failed() {
		v.t.Fatalf("a page of data: %v", o)
	}
	return v.call(unix.SYS_MPROTECT, o.result, 4096, prot)
}

// loopback is a struct sockaddr_in of 127.0.0.1.
func loopback(port int) []byte {
	address := binary.LittleEndian.AppendUint16(nil, unix.AF_INET)
	address = binary.BigEndian.AppendUint16(address, uint16(port))
	return append(address, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)
}

// unixAddress is a struct sockaddr_un.
func unixAddress(path string) []byte {
	address := make([]byte, 110)
	address[0] = unix.AF_UNIX
	copy(address[2:], path)
	return address
}

// surroundings are what attacks aim at; the server's user owns all of it.
func surroundings(t *testing.T, state string) *victim {
	t.Helper()
	v := &victim{outside: stateDir(t, nobody), state: state}
	files := []string{v.file(), v.outside + "/stream", v.outside + "/datagram", state + "/link"}
	must(t, os.WriteFile(files[0], []byte("secret"), 0o600))
	stream, err := net.Listen("unix", files[1])
	must(t, err)
	datagram, err := net.ListenPacket("unixgram", files[2])
	must(t, err)
	must(t, os.Symlink(files[0], files[3]))
	for _, file := range files {
		must(t, os.Lchown(file, int(nobody.uid), int(nobody.gid)))
	}
	v.listener, err = net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	v.other = exec.Command("sleep", "1000")
	v.other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody.uid, Gid: nobody.gid}}
	must(t, v.other.Start())
	go v.other.Wait() // ends when its tracer, the victim, has ended too
	t.Cleanup(func() {
		stream.Close()
		datagram.Close()
		v.listener.Close()
		v.other.Process.Kill()
	})
	return v
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// try runs one attack inside the server.
func (v *victim) try(t *testing.T, a attack) outcome {
	t.Helper()
	v.injector = attach(t, v.pid)
	defer v.detach()
	o := a.run(v)
	v.endChild(a, o)
	return o
}

// endChild ends a process that an attack has made. It runs with its parent's
// stack in the middle of nowhere.
func (v *victim) endChild(a attack, o outcome) {
	switch a.name {
	case "fork", "vfork", "clone3":
	default:
		if !strings.HasPrefix(a.name, "clone ") {
			return
		}
	}
	if !o.failed() && o.result > 0 {
		syscall.Kill(int(o.result), syscall.SIGKILL)
	}
}

// answers demands that the server serves a client, twice: any worker will do
// for the first, and the attacked one takes its turn.
func (v *victim) answers(t *testing.T) {
	t.Helper()
	for range 4 {
		conn, err := net.DialTimeout("tcp", v.address, patience)
		must(t, err)
		conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "version\r\n")
		line, err := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if !strings.HasPrefix(line, "VERSION") {
			t.Fatalf("no answer after the attack: %q, %v", line, err)
		}
	}
}

// TestAttackNarrowed tries every attack from inside memcached under its
// profile. A denial leaves the server as it was; a kill ends it with SIGSYS.
func TestAttackNarrowed(t *testing.T) {
	needRoot(t)
	eachUser(t, func(t *testing.T, who user) {
		t.Parallel()
		var v *victim
		for _, a := range attacks() {
			if v == nil {
				v = narrowed(t, who)
			}
			t.Run(a.name, func(t *testing.T) {
				o := v.try(t, a)
				if o.String() != a.want {
					t.Errorf("%v, want %s", o, a.want)
				}
				if o.end == "" {
					v.answers(t)
					mustBeNarrowed(t, v.pid, 10)
					return
				}
				server := v.server
				v = nil
				server.mustHaveDied(t)
			})
		}
	})
}

// narrowed starts a server under its profile, and what attacks aim at.
func narrowed(t *testing.T, who user, sets ...string) *victim {
	t.Helper()
	c := feature{args: tcp(), sets: sets}.open(t, who, underProfile)
	mustBeNarrowed(t, c.pid, 10) // it answers before, while narrow still traces it
	return newVictim(t, c)
}

// newVictim is a cache, and what attacks aim at.
func newVictim(t *testing.T, c *cache) *victim {
	t.Helper()
	v := surroundings(t, c.state)
	v.server, v.pid, v.address = c.server, c.pid, c.address
	return v
}

// mustHaveDied demands that the whole process ended, not just a thread.
func (s *server) mustHaveDied(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
	case <-time.After(patience):
		t.Fatalf("the process lives %v after the attack:\n%s", patience, stateOf(s.cmd.Process.Pid))
	}
	if status := s.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGSYS {
		t.Errorf("ended with %v, want SIGSYS", s.cmd.ProcessState)
	}
}

// TestAttackFree tries the same attacks inside a memcached without narrow: the
// injector works, and what the table calls ok would be there for the taking.
func TestAttackFree(t *testing.T) {
	needRoot(t)
	need(t, "memcached")
	for _, a := range attacks() {
		if a.free == "" {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() { os.Remove(created) })
			v := free(t)
			if o := v.try(t, a); o.String() != a.free {
				t.Errorf("%v, want %s", o, a.free)
			}
		})
	}
}

// free starts a server without narrow as an ordinary user.
func free(t *testing.T) *victim {
	t.Helper()
	port, state := freePort(t), stateDir(t, nobody)
	s := &server{t: t, cmd: exec.Command("memcached", "-p", port, "-U", "0"), stderr: newOutput(t), exited: make(chan struct{})}
	s.cmd.Stderr = s.stderr.File
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody.uid, Gid: nobody.gid}}
	must(t, s.cmd.Start())
	go func() { s.cmd.Wait(); close(s.exited) }()
	t.Cleanup(func() { s.cmd.Process.Kill(); <-s.exited })
	s.waitFor("tcp", "127.0.0.1:"+port)
	v := surroundings(t, state)
	v.server, v.pid, v.address = s, s.cmd.Process.Pid, "127.0.0.1:"+port
	return v
}
