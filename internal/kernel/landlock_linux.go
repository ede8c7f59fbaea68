package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// LandlockABI returns the version of Landlock's interface, 1 or higher. A
// kernel without it is ENOSYS, one that has it switched off EOPNOTSUPP.
func LandlockABI() (int, error) {
	r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, &Error{"landlock_create_ruleset(LANDLOCK_CREATE_RULESET_VERSION)", Landlock, 0, errno}
	}
	return int(r), nil
}

// LandlockCreateRuleset makes an empty ruleset that handles, that is denies
// unless a rule allows it, the given rights. They must be within the running
// ABI's. The caller closes the descriptor, which is close-on-exec.
func LandlockCreateRuleset(fs AccessFS, net AccessNet, scope Scope) (int, error) {
	attr := unix.LandlockRulesetAttr{
		Handled_access_fs:  uint64(fs),
		Handled_access_net: uint64(net),
		Scoped:             uint64(scope),
	}
	// An older kernel knows a shorter struct and takes a longer one if what it
	// does not know is zero (copy_struct_from_user).
	r, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return -1, &Error{"landlock_create_ruleset", Landlock, 0, errno}
	}
	return int(r), nil
}

// LandlockAddPath allows the rights on the file that fd is open on, or on all
// beneath the folder. O_PATH is enough.
func LandlockAddPath(ruleset, fd int, allowed AccessFS) error {
	// The kernel's struct is packed: its 12 bytes are these, and its end is never read.
	attr := unix.LandlockPathBeneathAttr{Allowed_access: uint64(allowed), Parent_fd: int32(fd)}
	return landlockAddRule(ruleset, unix.LANDLOCK_RULE_PATH_BENEATH, unsafe.Pointer(&attr))
}

// landlockRuleNetPort is LANDLOCK_RULE_NET_PORT (linux/landlock.h), an enum that x/sys lacks.
const landlockRuleNetPort = 2

// LandlockAddPort allows the rights on the port, in host byte order. Binding
// to port 0 is binding to any port of ip_local_port_range.
func LandlockAddPort(ruleset int, port uint16, allowed AccessNet) error {
	attr := struct{ access, port uint64 }{uint64(allowed), uint64(port)}
	return landlockAddRule(ruleset, landlockRuleNetPort, unsafe.Pointer(&attr))
}

func landlockAddRule(ruleset int, kind uintptr, attr unsafe.Pointer) error {
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), kind, uintptr(attr), 0, 0, 0)
	if errno != 0 {
		return &Error{"landlock_add_rule", Landlock, 0, errno}
	}
	return nil
}

// LandlockRestrictSelf puts the calling thread into a new domain that enforces
// the ruleset besides those it is in, 16 at most (E2BIG). It needs
// no_new_privs or CAP_SYS_ADMIN.
func LandlockRestrictSelf(ruleset int) error {
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0)
	if errno != 0 {
		return &Error{"landlock_restrict_self", Landlock, unix.Gettid(), errno}
	}
	return nil
}
