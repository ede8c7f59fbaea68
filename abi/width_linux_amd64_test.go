package abi

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// probe is a call that succeeds, for trying what an argument's upper bits do.
type probe struct {
	call, arg string
	regs      func(t *testing.T) [6]uintptr
	undo      func(result uintptr)
}

// The live kernel ignores the bits that the tables say it ignores, and where
// they say that it reads all it does not let them pass: with ones above the
// argument's width the call still succeeds, or, for a full register, fails.
func TestWidthsOnLiveKernel(t *testing.T) {
	a := Native()
	tried := 0
	for _, p := range probes(t) {
		t.Run(p.call+"/"+p.arg, func(t *testing.T) {
			c, _ := a.Call(p.call)
			g, ok := c.Arg(p.arg)
			if !ok {
				t.Fatalf("%s has no argument %s", p.call, p.arg)
			}
			regs := p.regs(t)
			if decider, ok := c.Decider(g); ok {
				refined := a.Refine(c, g, uint64(regs[decider.Reg]))
				g = &refined
			}
			switch errno := p.try(c, regs); errno {
			case 0:
			case syscall.ENOSYS, syscall.EPERM, syscall.EACCES, syscall.EOPNOTSUPP:
				t.Skipf("%s: %v", p.call, errno)
			default:
				t.Fatalf("%s%v: %v", p.call, regs, errno)
			}
			tried++
			for bit := uint8(0); bit < 64; bit++ {
				if g.Bits < 64 && bit < g.Bits || g.Bits == 64 && bit < 33 {
					continue
				}
				dirty := p.regs(t)
				dirty[g.Reg] ^= 1 << bit
				if errno := p.try(c, dirty); (errno == 0) != (g.Bits < 64) {
					t.Errorf("bits %d, but with bit %d: %v", g.Bits, bit, errno)
				}
			}
		})
	}
	if tried < 30 {
		t.Errorf("only %d arguments tried", tried)
	}
}

func (p *probe) try(c *Syscall, r [6]uintptr) syscall.Errno {
	result, _, errno := syscall.RawSyscall6(uintptr(c.Nr), r[0], r[1], r[2], r[3], r[4], r[5])
	if errno == 0 && p.undo != nil {
		p.undo(result)
	}
	return errno
}

var (
	pageSize = uintptr(os.Getpagesize())
	iovec    = syscall.Iovec{Base: &word[0], Len: 1}
	word     = make([]byte, 8)
	// softwareClock is a perf_event_attr: type 1, size 64, config 0.
	softwareClock = [16]uint32{1, 64}
)

const prFutexHash = 78

func probes(t *testing.T) []probe {
	fixed := func(r ...uintptr) func(*testing.T) [6]uintptr {
		var regs [6]uintptr
		copy(regs[:], r)
		return func(*testing.T) [6]uintptr { return regs }
	}
	closeFile := func(fd uintptr) { syscall.Close(int(fd)) }
	unmap := func(addr uintptr) { syscall.RawSyscall(syscall.SYS_MUNMAP, addr, pageSize, 0) }
	zero := uintptr(openFile("/dev/zero", syscall.O_RDWR))
	null := uintptr(openFile("/dev/null", syscall.O_RDWR))
	name := filepath.Join(t.TempDir(), "f")
	cName := append([]byte(name), 0)
	path := uintptr(unsafe.Pointer(&cName[0]))
	t.Cleanup(func() { runtime.KeepAlive(cName) }) // which an address alone does not
	file := uintptr(openFile(name, syscall.O_RDWR|syscall.O_CREAT))
	vec := uintptr(unsafe.Pointer(&iovec))
	self := uintptr(os.Getpid())
	buf := uintptr(unsafe.Pointer(&word[0]))
	page, _, _ := syscall.RawSyscall6(syscall.SYS_MMAP, 0, pageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON, ^uintptr(0), 0)
	anonymous := uintptr(syscall.MAP_PRIVATE | syscall.MAP_ANON)
	pipes := make([]int, 2)
	syscall.Pipe2(pipes, syscall.O_NONBLOCK)
	const spliceNonblock = 2
	drain := func(uintptr) { syscall.Read(pipes[0], make([]byte, 8)) }
	pidfd, _, _ := syscall.RawSyscall(434, self, 0, 0)
	semaphore, _, _ := syscall.RawSyscall(syscall.SYS_SEMGET, 0, 1, 0o600)
	t.Cleanup(func() { syscall.RawSyscall(syscall.SYS_SEMCTL, semaphore, 0, 0) })
	epoll, _, _ := syscall.RawSyscall(syscall.SYS_EPOLL_CREATE1, 0, 0, 0)
	const setval = 16
	return []probe{
		{"semctl", "arg", fixed(semaphore, 0, setval, 5), nil},
		{"semctl", "cmd", fixed(semaphore, 0, setval, 5), nil},
		{"mmap", "fd", fixed(0, pageSize, 1, syscall.MAP_PRIVATE, zero, 0), unmap},
		{"mmap", "prot", fixed(0, pageSize, 1, anonymous, ^uintptr(0), 0), unmap},
		{"mmap", "flags", fixed(0, pageSize, 1, anonymous, ^uintptr(0), 0), unmap},
		{"mprotect", "prot", fixed(page, pageSize, 3), nil},
		{"mprotect", "len", fixed(page, pageSize, 3), nil},
		{"mremap", "flags", fixed(page, pageSize, pageSize, 0), nil},
		{"madvise", "behavior", fixed(page, pageSize, 0), nil},
		{"msync", "flags", fixed(page, pageSize, 1), nil},
		{"mseal", "flags", fixed(page, 0, 0), nil},
		{"readv", "fd", fixed(zero, vec, 1), nil},
		{"readv", "vlen", fixed(zero, vec, 1), nil},
		{"writev", "fd", fixed(null, vec, 1), nil},
		{"writev", "vlen", fixed(null, vec, 1), nil},
		{"preadv", "fd", fixed(file, vec, 1, 0, 0), nil},
		{"preadv", "vlen", fixed(file, vec, 1, 0, 0), nil},
		{"preadv2", "flags", fixed(file, vec, 1, 0, 0, 0), nil},
		{"read", "fd", fixed(zero, buf, 1), nil},
		{"vmsplice", "nr_segs", fixed(uintptr(pipes[1]), vec, 1, spliceNonblock), drain},
		{"process_vm_readv", "liovcnt", fixed(self, vec, 1, vec, 1, 0), nil},
		{"process_vm_readv", "riovcnt", fixed(self, vec, 1, vec, 1, 0), nil},
		{"process_vm_readv", "flags", fixed(self, vec, 1, vec, 1, 0), nil},
		{"process_madvise", "vlen", fixed(pidfd, vec, 0, 20, 0), nil},
		{"fcntl", "arg", fixed(zero, syscall.F_DUPFD, 0), closeFile},
		{"fcntl", "cmd", fixed(zero, syscall.F_GETFD, 0), nil},
		{"kcmp", "idx1", fixed(self, self, 0, zero, zero), nil},
		{"kcmp", "idx2", fixed(self, self, 0, zero, zero), nil},
		{"mbind", "mode", fixed(page, pageSize, 0, 0, 0, 0), nil},
		{"sysfs", "arg1", fixed(2, 0, page), nil},
		{"keyctl", "arg2", fixed(0, 0xfffffffd, 1), nil},
		{"keyctl", "arg3", fixed(0, 0xfffffffd, 1), nil},
		{"prctl", "option", fixed(syscall.PR_GET_DUMPABLE), nil},
		{"prctl", "arg2", fixed(39, 0), nil},
		{"prctl", "arg2", fixed(syscall.PR_SET_TSC, 1), nil},
		{"prctl", "arg2", fixed(prFutexHash, 1, 16), nil},
		{"prctl", "arg3", fixed(prFutexHash, 1, 16), nil},
		{"signalfd4", "sizemask", fixed(zeroExtended(-1), buf, 8, 0), closeFile},
		{"ppoll", "sigsetsize", fixed(0, 0, page+2048, buf, 8), nil},
		{"epoll_pwait", "sigsetsize", fixed(epoll, page, 1, 0, buf, 8), nil},
		{"openat2", "usize", fixed(zeroExtended(-100), path, page+1024, 24), closeFile},
		{"perf_event_open", "flags", fixed(uintptr(unsafe.Pointer(&softwareClock[0])), 0, ^uintptr(0), ^uintptr(0), 0), closeFile},
		{"pkey_mprotect", "prot", fixed(page, pageSize, 3, ^uintptr(0)), nil},
		{"futex_wake", "mask", fixed(buf, 1, 1, 2), nil},
		{"move_pages", "nr_pages", fixed(0, 0, 0, 0, 0, 0), nil},
		{"ioprio_set", "ioprio", fixed(1, 0, 2<<13|4), nil},
		{"unshare", "unshare_flags", fixed(0), nil},
		{"fchmod", "mode", fixed(file, 0o600), nil},
		{"chmod", "mode", fixed(path, 0o600), nil},
		{"fchmodat", "mode", fixed(zeroExtended(-100), path, 0o600), nil},
		{"umask", "mask", fixed(0o22), nil},
		{"socket", "family", fixed(1, 1, 0), closeFile},
		{"socket", "type", fixed(1, 1, 0), closeFile},
		{"openat", "flags", fixed(zeroExtended(-100), path, 0), closeFile},
		{"openat", "dfd", fixed(zeroExtended(-100), path, 0), closeFile},
		{"openat", "mode", fixed(zeroExtended(-100), path, syscall.O_CREAT, 0o600), closeFile},
		{"rt_sigprocmask", "sigsetsize", fixed(0, 0, buf, 8), nil},
		{"rt_sigprocmask", "how", fixed(0, 0, buf, 8), nil},
		{"kill", "sig", fixed(self, 0), nil},
		{"kill", "pid", fixed(self, 0), nil},
		{"futex", "op", fixed(buf, 1, 0), nil},
		{"futex", "val", fixed(buf, 1, 0), nil},
		{"epoll_create1", "flags", fixed(0), closeFile},
		{"getrandom", "flags", fixed(buf, 1, 0), nil},
		{"memfd_create", "flags", fixed(path, 0), nil},
		{"close_range", "flags", fixed(4000, 4001, 0), nil},
		{"set_robust_list", "len", fixed(0, 24), nil},
		{"personality", "personality", fixed(0xffffffff), nil},
		{"setfsuid", "uid", fixed(0xffffffff), nil},
		{"mlock2", "flags", fixed(page, pageSize, 0), nil},
		{"get_mempolicy", "flags", fixed(buf, 0, 0, 0, 0), nil},
		{"remap_file_pages", "prot", remapProbe(file), nil},
		{"remap_file_pages", "flags", remapProbe(file), nil},
	}
}

// remapProbe maps a shared page of a file, which remap_file_pages demands.
func remapProbe(file uintptr) func(*testing.T) [6]uintptr {
	return func(t *testing.T) [6]uintptr {
		if err := syscall.Ftruncate(int(file), int64(pageSize)); err != nil {
			t.Fatal(err)
		}
		shared, _, errno := syscall.RawSyscall6(syscall.SYS_MMAP, 0, pageSize, syscall.PROT_READ, syscall.MAP_SHARED, file, 0)
		if errno != 0 {
			t.Fatal(errno)
		}
		return [6]uintptr{shared, pageSize, 0, 0, 0}
	}
}

func zeroExtended(v int32) uintptr { return uintptr(uint32(v)) }

func openFile(name string, flags int) int {
	fd, err := syscall.Open(name, flags|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return -1
	}
	return fd
}

// mount refuses flags with a bit in the upper half: MS_NOUSER is a negative int,
// which the kernel sign-extends before it tests for it. The thread has a mount
// namespace of its own and ends with the goroutine.
func TestMountFlagsOnLiveKernel(t *testing.T) {
	result := make(chan error)
	dir := t.TempDir()
	go func() {
		runtime.LockOSThread()
		if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
			result <- err
			return
		}
		err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
		if err == nil {
			err = syscall.Mount("none", dir, "tmpfs", syscall.MS_NOSUID, "")
		}
		for bit := 32; bit < 64 && err == nil; bit++ {
			if syscall.Mount("none", dir, "tmpfs", syscall.MS_NOSUID|1<<bit, "") != syscall.EINVAL {
				err = fmt.Errorf("mount ignores bit %d", bit)
			}
		}
		result <- err
	}()
	switch err := <-result; err {
	case nil:
	case syscall.EPERM:
		t.Skip("needs root")
	default:
		t.Error(err)
	}
}

// ptrace's pid is a long that is read as an int.
func TestPtracePidOnLiveKernel(t *testing.T) {
	child := exec.Command("sleep", "10")
	if err := child.Start(); err != nil {
		missing(t, "sleep")
	}
	defer child.Wait()
	defer child.Process.Kill()
	const seize = 0x4206
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid := uintptr(child.Process.Pid) | 0xdeadbeef<<32
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, seize, pid, 0, 0, 0, 0); errno != 0 {
		t.Errorf("ptrace(PTRACE_SEIZE, %#x): %v", pid, errno)
	}
}

// clone's flags end at bit 31, and its upper half is ignored: a fork with every
// bit above set still is a fork.
func TestCloneFlagsOnLiveKernel(t *testing.T) {
	const garbage = 0xdeadbeef << 32
	c, _ := Native().Call("clone")
	if g, _ := c.Arg("clone_flags"); g.Bits != 32 {
		t.Errorf("clone_flags has %d bits", g.Bits)
	}
	pid := forkAndExit(uintptr(c.Nr), garbage|uintptr(syscall.SIGCHLD))
	if pid <= 0 {
		t.Fatalf("clone: %v", syscall.Errno(-pid))
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.ExitStatus() != 42 {
		t.Errorf("wait4: %v, status %d", err, status.ExitStatus())
	}
}

// forkAndExit makes a child that does nothing but exit with 42. The child runs
// on a copy of this thread's stack, so it may call nothing of the runtime.
//
//go:norace
//go:noinline
func forkAndExit(nr, flags uintptr) int {
	pid, _, errno := syscall.RawSyscall6(nr, flags, 0, 0, 0, 0, 0)
	if errno != 0 {
		return -int(errno)
	}
	if pid == 0 {
		syscall.RawSyscall(syscall.SYS_EXIT, 42, 0, 0)
	}
	return int(pid)
}

// prctl's arg2 is an int for some options and a long for others.
func TestRefine(t *testing.T) {
	a, _ := ByName("x86_64")
	c, _ := a.Call("prctl")
	arg2, _ := c.Arg("arg2")
	decider, ok := c.Decider(arg2)
	if !ok || decider.Name != "option" || arg2.Bits != 64 {
		t.Fatalf("arg2 has %d bits, decided by %+v", arg2.Bits, decider)
	}
	for option, want := range map[string]uint8{"PR_SET_MM": 32, "PR_SET_PTRACER": 32, "PR_SET_NAME": 64, "PR_SET_NO_NEW_PRIVS": 64} {
		v, _ := a.Constant(option)
		if got := a.Refine(c, arg2, uint64(v)|0xdead<<32); got.Bits != want {
			t.Errorf("%s: %d bits, want %d", option, got.Bits, want)
		}
	}
	if _, ok := c.Decider(decider); ok {
		t.Error("something decides how option is read")
	}
	if !strings.Contains(strings.Join(a.FormatArgs(c, &[6]uint64{35, 0xdead_0000_0008}), " "), "PR_SET_MM PR_SET_MM_ARG_START") {
		t.Error(a.FormatArgs(c, &[6]uint64{35, 0xdead_0000_0008}))
	}
}
