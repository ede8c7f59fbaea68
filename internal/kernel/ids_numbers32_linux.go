//go:build linux && (386 || arm)

package kernel

import "golang.org/x/sys/unix"

// The calls that take ids of 32 bits; those without the 32 take 16.
const (
	sysSetgroups = unix.SYS_SETGROUPS32
	sysSetresgid = unix.SYS_SETRESGID32
	sysSetresuid = unix.SYS_SETRESUID32
)
