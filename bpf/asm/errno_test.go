package asm

import (
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// TestSharedErrnos: the first errors have the same number on each architecture.
func TestSharedErrnos(t *testing.T) {
	for _, arch := range abi.Arches() {
		for i, name := range errnoNames {
			value, ok := arch.Constant(name)
			if !ok && name != "EDEADLOCK" {
				t.Errorf("%s lacks %s", arch, name)
			}
			if i < sharedErrnos && value != int64(i+1) {
				t.Errorf("%s on %s is %d, want %d", name, arch, value, i+1)
			}
		}
	}
}

func TestErrnoText(t *testing.T) {
	amd64, _ := abi.ByName("x86_64")
	mips, _ := abi.ByName("mips")
	for _, c := range []struct {
		errno uint16
		arch  *abi.Arch
		want  string
	}{
		{0, amd64, "0"}, {1, nil, "EPERM"}, {38, amd64, "ENOSYS"}, {38, nil, "38"}, {89, mips, "ENOSYS"},
		{11, mips, "EAGAIN"}, {35, amd64, "EDEADLK"}, {4095, amd64, "4095"},
	} {
		if got := errnoText(c.errno, c.arch); got != c.want {
			t.Errorf("errno %d on %v is %s, want %s", c.errno, c.arch, got, c.want)
		}
	}
}
