//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// trials are what children try. Each returns what was not as it should be.
var trials = map[string]func() error{
	"seccomp": trySeccomp, "tsync": tryTSYNC, "mdwe": tryMDWE, "landlock": tryLandlock,
	"landlock ports": tryLandlockPorts, "landlock layers": tryLandlockLayers, "ids": tryIDs,
	"capabilities": tryCapabilities, "ambient": tryAmbient, "descriptors": tryDescriptors,
	"limits": tryLimits, "no filter without privilege": tryUnprivileged, "sixteen bits": tryHugeProgram,
}

func TestLayers(t *testing.T) {
	for _, c := range []struct {
		name       string
		root, user bool        // who can do it
		since      abi.Version // an older kernel is skipped, a newer one has to do it
	}{
		{"seccomp", true, true, sinceSeccomp},
		{"tsync", true, true, sinceSeccomp},
		{"mdwe", true, true, sinceMDWE},
		{"landlock", true, true, LandlockSince(1)},
		{"landlock ports", true, true, LandlockSince(4)},
		{"landlock layers", true, true, LandlockSince(1)},
		{"ids", true, false, abi.Version{}},
		{"capabilities", true, false, abi.Version{}},
		{"ambient", true, false, abi.Version{}},
		{"descriptors", true, true, abi.Version{}},
		{"limits", true, true, abi.Version{}},
		{"no filter without privilege", false, true, sinceSeccomp},
		{"sixteen bits", true, true, sinceSeccomp},
	} {
		for _, nobody := range []bool{false, true} {
			if nobody && !c.user || !nobody && !c.root {
				continue
			}
			t.Run(fmt.Sprint(c.name, "/nobody=", nobody), func(t *testing.T) {
				if running(t).Before(c.since) {
					t.Skipf("needs Linux %v", c.since)
				}
				if !nobody && !c.user {
					needRoot(t)
				}
				try(t, c.name, nobody)
			})
		}
	}
}

// denyGetppid answers getppid with EXDEV.
var denyGetppid = bpf.Program{
	bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 0),
	bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, unix.SYS_GETPPID, 0, 1),
	bpf.Stmt(bpf.RET|bpf.K, unix.SECCOMP_RET_ERRNO|uint32(unix.EXDEV)),
	bpf.Stmt(bpf.RET|bpf.K, unix.SECCOMP_RET_ALLOW),
}

func getppid() error {
	if _, _, errno := unix.RawSyscall(unix.SYS_GETPPID, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

func trySeccomp() error {
	before, err := self()
	if err != nil {
		return err
	}
	if err := SetNoNewPrivs(); err != nil {
		return err
	}
	if _, err := SeccompSetModeFilter(denyGetppid, 0); err != nil {
		return err
	}
	after, err := self()
	if err != nil {
		return err
	}
	elsewhere := make(chan error)
	go func() {
		runtime.LockOSThread()
		elsewhere <- getppid()
	}()
	return errors.Join(
		want("NoNewPrivs", after.NoNewPrivs, true),
		want("Seccomp", after.SeccompMode, 2),
		want("Seccomp_filters", after.SeccompFilters, before.SeccompFilters+1),
		wantErr("getppid", getppid(), unix.EXDEV),
		want("getppid on another thread", <-elsewhere, nil),
	)
}

// tryTSYNC brings the other threads along, and is told which one cannot come.
func tryTSYNC() error {
	if err := SetNoNewPrivs(); err != nil {
		return err
	}
	tids, hold := make(chan int), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		if err := SetNoNewPrivs(); err != nil {
			panic(err)
		}
		if _, err := SeccompSetModeFilter(denyGetppid, 0); err != nil {
			panic(err)
		}
		tids <- Gettid()
		<-hold
	}()
	tid := <-tids
	_, err := SeccompSetModeFilter(denyGetppid, FilterTSYNC)
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("want an Error, got %v", err)
	}
	return errors.Join(want("thread", e.Thread, tid), wantErr("TSYNC", err, unix.ESRCH), want("getppid", getppid(), nil))
}

func tryUnprivileged() error {
	_, err := SeccompSetModeFilter(denyGetppid, 0)
	return wantErr("seccomp without no_new_privs", err, unix.EACCES)
}

// tryHugeProgram: a length that sock_fprog cannot say is refused, not cut.
func tryHugeProgram() error {
	huge := make(bpf.Program, 1<<16+1)
	for i := range huge {
		huge[i] = bpf.Stmt(bpf.RET|bpf.K, unix.SECCOMP_RET_ALLOW)
	}
	_, err := SeccompSetModeFilter(huge, 0)
	_, empty := SeccompSetModeFilter(nil, 0)
	return errors.Join(wantErr("65537 instructions", err, unix.EINVAL), wantErr("no instructions", empty, unix.EINVAL))
}

func tryMDWE() error {
	on, err := GetMDWE()
	if err != nil || on {
		return fmt.Errorf("before: %v, %v", on, err)
	}
	if err := SetMDWE(); err != nil {
		return err
	}
	on, err = GetMDWE()
	page, mapErr := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	_, both := unix.Mmap(-1, 0, 4096, unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	return errors.Join(err, mapErr, want("PR_GET_MDWE", on, true),
		wantErr("mprotect", unix.Mprotect(page, unix.PROT_READ|unix.PROT_EXEC), unix.EACCES),
		wantErr("mmap", both, unix.EACCES))
}

func tryLandlock() error {
	dir, err := os.MkdirTemp("", "narrow-landlock-")
	if err != nil {
		return err
	}
	inside := filepath.Join(dir, "file")
	// Not by RemoveAll: it reads the folder above, which the domain forbids.
	defer func() { _ = errors.Join(os.Remove(inside), os.Remove(dir)) }()
	if err := os.WriteFile(inside, []byte("x"), 0o644); err != nil {
		return err
	}
	version, err := LandlockABI()
	if err != nil {
		return err
	}
	ruleset, err := LandlockCreateRuleset(RightsOf(version).FS, 0, 0)
	if err != nil {
		return err
	}
	for path, allowed := range map[string]AccessFS{dir: FSReadFile | FSReadDir | FSRemoveFile, filepath.Dir(dir): FSRemoveDir, "/dev/null": FSReadFile | FSWriteFile, "/proc": FSReadFile | FSReadDir} {
		fd, err := OpenPath(path)
		if err != nil {
			return err
		}
		if err := LandlockAddPath(ruleset, fd, allowed); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		Close(fd)
	}
	fd, _ := OpenPath(inside)
	onFile := LandlockAddPath(ruleset, fd, FSReadDir)
	if err := errors.Join(wantErr("a folder's right on a file", onFile, unix.EINVAL), SetNoNewPrivs(), LandlockRestrictSelf(ruleset)); err != nil {
		return err
	}
	executing := wantErr("executing", TryExecute("/bin/sh"), unix.EACCES)
	if errors.Is(TryExecute("/bin/sh"), unix.EINVAL) { // before 6.14 nobody can ask
		executing = nil
	}
	_, read := os.ReadFile(inside)
	_, outside := os.ReadFile("/etc/passwd")
	return errors.Join(
		want("reading inside", read, nil),
		wantErr("reading outside", outside, unix.EACCES),
		wantErr("writing inside", os.WriteFile(inside, nil, 0o644), unix.EACCES),
		want("writing /dev/null", os.WriteFile("/dev/null", nil, 0), nil),
		wantErr("reading /", TryReadFolder("/"), unix.EACCES),
		executing,
	)
}

func tryLandlockPorts() error {
	ruleset, err := LandlockCreateRuleset(0, NetBindTCP|NetConnectTCP, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(LandlockAddPort(ruleset, 39611, NetConnectTCP), SetNoNewPrivs(), LandlockRestrictSelf(ruleset)); err != nil {
		return err
	}
	_, allowed := TryConnectTCP(39611)
	_, denied := TryConnectTCP(39612)
	_, bind := TryBindTCP(39611)
	if errors.Is(allowed, unix.EACCES) {
		return fmt.Errorf("connecting to the port of a rule: %v", allowed)
	}
	return errors.Join(wantErr("connect", denied, unix.EACCES), wantErr("bind", bind, unix.EACCES))
}

// tryLandlockLayers: the seventeenth domain is E2BIG, with the call's name.
func tryLandlockLayers() error {
	ruleset, err := LandlockCreateRuleset(FSMakeChar, 0, 0)
	if err != nil {
		return err
	}
	if err := SetNoNewPrivs(); err != nil {
		return err
	}
	for n := range 16 {
		if err := LandlockRestrictSelf(ruleset); err != nil {
			return fmt.Errorf("domain %d: %w", n+1, err)
		}
	}
	err = LandlockRestrictSelf(ruleset)
	var e *Error
	return errors.Join(wantErr("domain 17", err, unix.E2BIG), want("typed", errors.As(err, &e) && e.Layer == Landlock && e.Thread == Gettid(), true))
}

func tryIDs() error {
	if err := errors.Join(SetGroups([]uint32{4, 5}), SetGroups(nil), SetResGID(4242), SetResUID(4243)); err != nil {
		return err
	}
	s, err := self()
	if err != nil {
		return err
	}
	return errors.Join(
		want("uid", s.UID, [4]uint32{4243, 4243, 4243, 4243}),
		want("gid", s.GID, [4]uint32{4242, 4242, 4242, 4242}),
		want("groups", len(s.Groups), 0),
		want("capabilities", s.CapPermitted, 0),
		wantErr("back", SetResUID(0), unix.EPERM),
	)
}

func tryCapabilities() error {
	bind, err := CapByName("NET_BIND_SERVICE")
	if err != nil {
		return err
	}
	for n := uint(0); n <= LastCap(); n++ {
		if n != bind {
			if err := CapBoundingDrop(n); err != nil {
				return err
			}
		}
	}
	if err := Capset(1 << bind); err != nil {
		return err
	}
	s, err := self()
	if err != nil {
		return err
	}
	has, err := CapBoundingRead(bind)
	hasNot, err2 := CapBoundingRead(bind + 1)
	return errors.Join(err, err2, want("bounding read", has && !hasNot, true),
		want("permitted", s.CapPermitted, 1<<bind), want("effective", s.CapEffective, 1<<bind),
		want("inheritable", s.CapInheritable, 1<<bind), want("bounding", s.CapBounding, 1<<bind),
		wantErr("more again", Capset(3<<bind), unix.EPERM))
}

func tryAmbient() error {
	bind, _ := CapByName("cap_net_bind_service")
	if err := errors.Join(SetKeepCaps(), SetResUID(4243), CapAmbientClear(), Capset(1<<bind), CapAmbientRaise(bind)); err != nil {
		return err
	}
	s, err := self()
	if err != nil {
		return err
	}
	return errors.Join(want("ambient", s.CapAmbient, 1<<bind), want("permitted", s.CapPermitted, 1<<bind),
		want("names", fmt.Sprint(CapNames(s.CapAmbient)), "[NET_BIND_SERVICE]"))
}

func tryDescriptors() error {
	for _, fd := range []int{20, 21, 22} {
		if err := unix.Dup2(0, fd); err != nil {
			return err
		}
	}
	if err := CloseRangeCloexec(21, 21); err != nil {
		return err
	}
	open, err := OpenDescriptors()
	if err != nil {
		return err
	}
	got := map[int]bool{}
	for _, d := range open {
		if d.FD >= 20 && d.FD <= 22 {
			got[d.FD] = d.Cloexec
		}
	}
	if len(got) != 3 || got[20] || !got[21] || got[22] {
		return fmt.Errorf("close-on-exec: %v", got)
	}
	return nil
}

func tryLimits() error {
	resource, ok := LimitByName("NOFILE")
	if !ok {
		return errors.New("no NOFILE")
	}
	if err := SetLimit(resource, Limit{Soft: 50, Hard: 60}); err != nil {
		return err
	}
	l, err := GetLimit(resource)
	return errors.Join(err, want("limit", l, Limit{Soft: 50, Hard: 60}))
}
