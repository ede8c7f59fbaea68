package ruleset_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// The kernel takes what is planned for its ABI, and denies what is not allowed.
func TestHere(t *testing.T) {
	var features kernel.Features
	version, err := features.Landlock()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	mine, other := filepath.Join(dir, "mine"), filepath.Join(dir, "other")
	for _, d := range []string{mine, other} {
		if err := errors.Join(os.Mkdir(d, 0o755), os.WriteFile(filepath.Join(d, "file"), []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	block := files("write "+mine, "read "+filepath.Join(other, "file"), "read "+filepath.Join(dir, "no?"))
	network := &policy.NetworkRules{Connect: []policy.Range{{Low: 9, High: 9}}}
	plans := ruleset.Of([]*policy.FilesRules{block}, []*policy.NetworkRules{network}, kernel.RightsOf(version))
	made, errs := ruleset.Build(ruleset.Here{}, plans)
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	onThread(func() {
		if err := kernel.SetNoNewPrivs(); err != nil {
			t.Error(err)
		}
		for _, fd := range made {
			if err := kernel.LandlockRestrictSelf(fd); err != nil {
				t.Error(err)
			}
			kernel.Close(fd)
		}
		for what, try := range map[string]struct {
			do   func() error
			want error
		}{
			"create":           {func() error { return os.WriteFile(filepath.Join(mine, "new"), nil, 0o600) }, nil},
			"read":             {func() error { _, err := os.ReadFile(filepath.Join(other, "file")); return err }, nil},
			"write":            {func() error { return os.WriteFile(filepath.Join(other, "file"), nil, 0o600) }, syscall.EACCES},
			"list":             {func() error { return kernel.TryReadFolder(other) }, syscall.EACCES},
			"connect to other": {connect(10, version), syscall.EACCES},
			"bind":             {bind(version), syscall.EACCES},
		} {
			if err := try.do(); !errors.Is(err, try.want) {
				t.Errorf("%s: got %v, want %v", what, err, try.want)
			}
		}
	})
}

// onThread runs f on a thread that ends with it.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

func connect(port uint16, version int) func() error {
	return denied(version, func() error { _, err := kernel.TryConnectTCP(port); return err })
}

func bind(version int) func() error {
	return denied(version, func() error { _, err := kernel.TryBindTCP(1 << 15); return err })
}

// denied is EACCES, without a try, of a Landlock that does not know ports.
func denied(version int, try func() error) func() error {
	if ruleset.HandlesPorts(version) {
		return try
	}
	return func() error { return syscall.EACCES }
}
