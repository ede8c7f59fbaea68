package scmp

import (
	"sync"
	"syscall"
)

// filterFlag is a flag of seccomp(2), SECCOMP_SET_MODE_FILTER, by the API level
// that brings it.
type filterFlag uint

// The flags that attributes and rules depend on (linux/seccomp.h).
const (
	flagTSYNC      filterFlag = 2
	flagLog        filterFlag = 3 // since 4.14
	flagSpecAllow  filterFlag = 4 // since 4.17
	flagTSYNCESRCH filterFlag = 6 // since 5.7
)

// Kernel is what the kernel can do, as far as one wants to know: libseccomp's
// API level. It is safe for concurrent use. The zero Kernel probes at first use.
type Kernel struct {
	mu    sync.Mutex
	level uint // 0: not probed yet

	listener int // descriptor + 1; 0: there is none
}

// MaxLevel is the highest API level that there is (seccomp_api_get(3)).
const MaxLevel = 7

// Level is the API level: 1 is prctl(2) alone, 2 adds seccomp(2) and TSYNC, 3
// log and kill-process, 4 SSB, 5 notify, 6 notify with TSYNC, 7 wait-kill.
func (k *Kernel) Level() uint {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.level == 0 {
		k.level = probeLevel()
	}
	return k.level
}

// SetLevel makes the kernel one with that API level. EINVAL: there is none
// like it.
func (k *Kernel) SetLevel(level uint) error {
	if level < 1 || level > MaxLevel {
		return syscall.EINVAL
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.level = level
	return nil
}

// has reports whether there is a flag of seccomp(2).
func (k *Kernel) has(f filterFlag) bool { return k.Level() >= uint(f) }

// takes reports whether programs may return the action.
func (k *Kernel) takes(a Action) bool {
	switch a {
	case Log, KillProcess:
		return k.Level() >= 3
	case Notify:
		return k.Level() >= 5
	}
	return a.wellFormed()
}
