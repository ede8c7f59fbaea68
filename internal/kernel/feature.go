package kernel

import (
	"errors"

	"github.com/narrow-sandbox/narrow/abi"
)

// The first versions of what is probed for (man pages seccomp(2), prctl(2), landlock(7), close_range(2)).
var (
	sinceSeccomp     = abi.Version{Major: 3, Minor: 17}
	sinceMDWE        = abi.Version{Major: 6, Minor: 3}
	sinceKillProcess = abi.Version{Major: 4, Minor: 14}
	sinceUserNotif   = abi.Version{Major: 5, Minor: 0}
	sinceFilter      = abi.Version{Major: 3, Minor: 5}
)

// Features answers what this kernel can do. Each question is asked once; an
// answer that could not be had is asked for again. The zero value is ready to
// use. It is not for concurrent use.
type Features struct {
	seccomp, mdwe *answer
	actions       map[uint32]*answer
	landlock      *landlockAnswer
}

// answer is yes (nil error) or no.
type answer struct{ err error }

type landlockAnswer struct {
	abi int
	err error
}

// Seccomp is nil if filters can be installed by seccomp(2), an
// *UnsupportedFeatureError if not, any other error if it could not be told.
func (f *Features) Seccomp() error { return ask(&f.seccomp, probeSeccomp) }

// MDWE is nil if PR_SET_MDWE is there.
func (f *Features) MDWE() error { return ask(&f.mdwe, probeMDWE) }

// Action is nil if filters may return the action (SECCOMP_RET_*, without data).
func (f *Features) Action(action uint32) error {
	if f.actions == nil {
		f.actions = make(map[uint32]*answer)
	}
	a := f.actions[action]
	err := ask(&a, func() error { return probeAction(action) })
	f.actions[action] = a
	return err
}

// Landlock returns the version of Landlock's interface; 0 and an
// *UnsupportedFeatureError if there is none.
func (f *Features) Landlock() (int, error) {
	if f.landlock == nil {
		version, err := probeLandlock()
		if err != nil && !errors.Is(err, ErrNotSupported) {
			return 0, err
		}
		f.landlock = &landlockAnswer{version, err}
	}
	return f.landlock.abi, f.landlock.err
}

// ask returns the cached answer, or probes and caches a yes or a no.
func ask(cache **answer, probe func() error) error {
	if *cache != nil {
		return (*cache).err
	}
	err := probe()
	if err == nil || errors.Is(err, ErrNotSupported) {
		*cache = &answer{err}
	}
	return err
}
