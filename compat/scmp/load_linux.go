package scmp

import (
	"errors"
	"runtime"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// probeLevel asks the kernel, as seccomp_api_get(3) does.
func probeLevel() uint {
	features := new(kernel.Features)
	action := func(a Action) bool { return features.Action(uint32(a)) == nil }
	steps := []func() bool{
		func() bool { return kernel.SeccompHasFlag(kernel.FilterTSYNC) },
		func() bool { return kernel.SeccompHasFlag(kernel.FilterLog) && action(Log) && action(KillProcess) },
		func() bool { return kernel.SeccompHasFlag(kernel.FilterSpecAllow) },
		func() bool { return kernel.SeccompHasFlag(kernel.FilterNewListener) && action(Notify) },
		func() bool { return kernel.SeccompHasFlag(kernel.FilterTSYNCESRCH) },
		func() bool { return kernel.SeccompHasFlag(kernel.FilterNewListener | kernel.FilterWaitKillableRecv) },
	}
	level := uint(1)
	for _, has := range steps {
		if !has() {
			break
		}
		level++
	}
	return level
}

// Load installs the program on the calling thread, on all threads with TSYNC,
// and sets no_new_privs before unless that is off. The program is proved first.
// Like seccomp_load(3).
//
// ESRCH: a thread has filters of its own, and nothing was installed. ECANCELED:
// the system refused; with RawErrors the errno it gave.
func (c *Context) Load() error {
	p, err := c.Prove()
	if err != nil {
		return err
	}
	runtime.LockOSThread() // no_new_privs and the filter are for one and the same thread
	defer runtime.UnlockOSThread()
	if c.attrs.noNewPrivs {
		if err := kernel.SetNoNewPrivs(); err != nil {
			return c.systemError(err)
		}
	}
	c.kernel.mu.Lock()
	defer c.kernel.mu.Unlock()
	flags, listens := c.flags()
	fd, err := kernel.SeccompSetModeFilter(p, flags)
	if err != nil {
		return c.systemError(err)
	}
	if listens {
		c.kernel.listener = fd + 1
	}
	return nil
}

// flags are those of seccomp(2). There is one listener in a process.
func (c *Context) flags() (flags uint, listens bool) {
	level := c.kernel.level // probed when the context was made
	listens = c.notifies && c.kernel.listener == 0 && level >= 5
	for _, f := range []struct {
		flag uint
		set  bool
	}{
		{kernel.FilterTSYNC, c.attrs.tsync},
		{kernel.FilterTSYNCESRCH, c.attrs.tsync && level >= 6},
		{kernel.FilterNewListener, listens},
		{kernel.FilterWaitKillableRecv, listens && c.attrs.waitKill},
		{kernel.FilterLog, c.attrs.log},
		{kernel.FilterSpecAllow, c.attrs.allowSSB},
	} {
		if f.set {
			flags |= f.flag
		}
	}
	return flags, listens
}

// systemError hides the errno unless it is asked for.
func (c *Context) systemError(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.ENOSYS
	}
	if errno == syscall.ESRCH || c.attrs.rawErrors {
		return errno
	}
	return syscall.ECANCELED
}

// Listener is the descriptor on which notifications arrive, -1 if no context
// with the action Notify was loaded.
func (k *Kernel) Listener() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.listener - 1
}
