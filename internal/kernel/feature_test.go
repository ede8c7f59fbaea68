//go:build linux

package kernel

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
)

// running is this kernel's version.
func running(t *testing.T) abi.Version {
	t.Helper()
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	var v abi.Version
	if _, err := fmt.Sscanf(unix.ByteSliceToString(u.Release[:]), "%d.%d", &v.Major, &v.Minor); err != nil {
		t.Fatal(err)
	}
	return v
}

// An old kernel skips a probe by its minimum version; a new enough one that
// says no fails the test.
func TestFeaturesOfThisKernel(t *testing.T) {
	var f Features
	for name, err := range map[string]error{
		"seccomp": f.Seccomp(), "mdwe": f.MDWE(),
		"kill-process": f.Action(unix.SECCOMP_RET_KILL_PROCESS), "log": f.Action(unix.SECCOMP_RET_LOG), "notify": f.Action(unix.SECCOMP_RET_USER_NOTIF),
		"errno": f.Action(unix.SECCOMP_RET_ERRNO), "no such action": f.Action(0x12340000),
	} {
		if name == "no such action" {
			if !errors.Is(err, ErrNotSupported) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var missing *UnsupportedFeatureError
		switch {
		case err == nil:
		case errors.As(err, &missing) && running(t).Before(missing.Minimum):
			t.Logf("%s: %v", name, err)
		default:
			t.Errorf("%s: %v", name, err)
		}
	}
	if version, err := f.Landlock(); err == nil && running(t).Before(LandlockSince(version)) && version <= len(landlockABIs) {
		t.Errorf("Landlock ABI %d on Linux %v, and the table says since %v", version, running(t), LandlockSince(version))
	}
	if sizes, err := SeccompGetNotifSizes(); err != nil || sizes.Data != 64 {
		t.Errorf("%+v, %v", sizes, err)
	}
}

// A yes and a no are remembered, an answer that could not be had is not.
func TestAnswersAreCached(t *testing.T) {
	asked := 0
	try := func(cache **answer, err error) error {
		return ask(cache, func() error { asked++; return err })
	}
	var yes, no, unknown *answer
	missing := &UnsupportedFeatureError{Name: "x"}
	for range 3 {
		if err := try(&yes, nil); err != nil {
			t.Error(err)
		}
		if err := try(&no, missing); !errors.Is(err, ErrNotSupported) {
			t.Error(err)
		}
		if err := try(&unknown, unix.EINTR); !errors.Is(err, unix.EINTR) {
			t.Error(err)
		}
	}
	if asked != 5 {
		t.Errorf("asked %d times, want 1 + 1 + 3", asked)
	}
}

func TestErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"seccomp: seccomp(SECCOMP_SET_MODE_FILTER): invalid argument (thread 7)": &Error{"seccomp(SECCOMP_SET_MODE_FILTER)", Seccomp, 7, unix.EINVAL},
		"this kernel has no Landlock; it needs Linux 5.13 or later (function not implemented)": &UnsupportedFeatureError{
			"Landlock", abi.Version{Major: 5, Minor: 13}, unix.ENOSYS},
	} {
		if err.Error() != want {
			t.Errorf("want %s, got %s", want, err)
		}
	}
}
