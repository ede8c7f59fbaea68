package seccomp

import (
	"errors"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// ScmpSyscall is a call by its number; negative ones stand for calls that an
// architecture lacks, or has behind socketcall or ipc.
type ScmpSyscall int32

// ErrSyscallDoesNotExist says that there is no call with that name or number.
var ErrSyscallDoesNotExist = errors.New("could not resolve syscall name")

// GetName returns the name of the call on the native architecture.
func (s ScmpSyscall) GetName() (string, error) { return s.GetNameByArch(ArchNative) }

// GetNameByArch returns the name of the call on an architecture.
func (s ScmpSyscall) GetNameByArch(arch ScmpArch) (string, error) {
	if err := sanitizeArch(arch); err != nil {
		return "", err
	}
	name, ok := scmp.ResolveNumber(arch.token(), int32(s))
	if !ok {
		return "", ErrSyscallDoesNotExist
	}
	return name, nil
}

// GetSyscallFromName returns the call with that name on the native
// architecture, whose numbers all methods of ScmpFilter take.
func GetSyscallFromName(name string) (ScmpSyscall, error) {
	return GetSyscallFromNameByArch(name, ArchNative)
}

// GetSyscallFromNameByArch returns the call with that name on an architecture.
func GetSyscallFromNameByArch(name string, arch ScmpArch) (ScmpSyscall, error) {
	if err := sanitizeArch(arch); err != nil {
		return 0, err
	}
	nr, ok := scmp.ResolveName(arch.token(), name)
	if !ok {
		return 0, ErrSyscallDoesNotExist
	}
	return ScmpSyscall(nr), nil
}
