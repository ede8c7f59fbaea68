//go:build linux

package kernel

import (
	"testing"

	"golang.org/x/sys/unix"
)

// Our names have the kernel's values.
func TestLandlockConstants(t *testing.T) {
	for name, c := range map[string][2]uint64{
		"EXECUTE":      {uint64(FSExecute), unix.LANDLOCK_ACCESS_FS_EXECUTE},
		"WRITE_FILE":   {uint64(FSWriteFile), unix.LANDLOCK_ACCESS_FS_WRITE_FILE},
		"READ_FILE":    {uint64(FSReadFile), unix.LANDLOCK_ACCESS_FS_READ_FILE},
		"READ_DIR":     {uint64(FSReadDir), unix.LANDLOCK_ACCESS_FS_READ_DIR},
		"REMOVE_DIR":   {uint64(FSRemoveDir), unix.LANDLOCK_ACCESS_FS_REMOVE_DIR},
		"REMOVE_FILE":  {uint64(FSRemoveFile), unix.LANDLOCK_ACCESS_FS_REMOVE_FILE},
		"MAKE_CHAR":    {uint64(FSMakeChar), unix.LANDLOCK_ACCESS_FS_MAKE_CHAR},
		"MAKE_DIR":     {uint64(FSMakeDir), unix.LANDLOCK_ACCESS_FS_MAKE_DIR},
		"MAKE_REG":     {uint64(FSMakeReg), unix.LANDLOCK_ACCESS_FS_MAKE_REG},
		"MAKE_SOCK":    {uint64(FSMakeSock), unix.LANDLOCK_ACCESS_FS_MAKE_SOCK},
		"MAKE_FIFO":    {uint64(FSMakeFifo), unix.LANDLOCK_ACCESS_FS_MAKE_FIFO},
		"MAKE_BLOCK":   {uint64(FSMakeBlock), unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK},
		"MAKE_SYM":     {uint64(FSMakeSym), unix.LANDLOCK_ACCESS_FS_MAKE_SYM},
		"REFER":        {uint64(FSRefer), unix.LANDLOCK_ACCESS_FS_REFER},
		"TRUNCATE":     {uint64(FSTruncate), unix.LANDLOCK_ACCESS_FS_TRUNCATE},
		"IOCTL_DEV":    {uint64(FSIoctlDev), unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
		"RESOLVE_UNIX": {uint64(FSResolveUnix), unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX},
		"BIND_TCP":     {uint64(NetBindTCP), unix.LANDLOCK_ACCESS_NET_BIND_TCP},
		"CONNECT_TCP":  {uint64(NetConnectTCP), unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
		"BIND_UDP":     {uint64(NetBindUDP), unix.LANDLOCK_ACCESS_NET_BIND_UDP},
		"SEND_UDP":     {uint64(NetConnectSendUDP), unix.LANDLOCK_ACCESS_NET_CONNECT_SEND_UDP},
		"ABSTRACT":     {uint64(ScopeAbstractUnix), unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET},
		"SIGNAL":       {uint64(ScopeSignal), unix.LANDLOCK_SCOPE_SIGNAL},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %#x, the kernel has %#x", name, c[0], c[1])
		}
	}
}

// The table says exactly what this kernel takes: all rights of its ABI, and
// not one more.
func TestLandlockTableIsThisKernels(t *testing.T) {
	version, err := LandlockABI()
	if err != nil {
		t.Skip("no Landlock: ", err)
	}
	rights := RightsOf(version)
	taken := func(fs AccessFS, net AccessNet, scope Scope) bool {
		fd, err := LandlockCreateRuleset(fs, net, scope)
		Close(fd)
		return err == nil
	}
	if !taken(rights.FS, rights.Net, rights.Scope) {
		t.Fatalf("ABI %d does not take its own rights %+v", version, rights)
	}
	if version > len(landlockABIs) {
		t.Skipf("ABI %d is younger than the table", version)
	}
	for bit := range 64 {
		for what, ok := range map[string][2]bool{
			"file":    {rights.FS>>bit&1 != 0, taken(1<<bit, 0, 0)},
			"network": {rights.Net>>bit&1 != 0, taken(0, 1<<bit, 0)},
			"scope":   {rights.Scope>>bit&1 != 0, taken(0, 0, 1<<bit)},
		} {
			if ok[0] != ok[1] {
				t.Errorf("ABI %d, %s right %d: table %v, kernel %v", version, what, bit, ok[0], ok[1])
			}
		}
	}
}

func TestLandlockTableGrows(t *testing.T) {
	for i, a := range landlockABIs {
		if a.ABI != i+1 || RightsOf(a.ABI) != a {
			t.Errorf("row %d is ABI %d", i, a.ABI)
		}
		if i == 0 {
			continue
		}
		b := landlockABIs[i-1]
		if b.FS&^a.FS != 0 || b.Net&^a.Net != 0 || b.Scope&^a.Scope != 0 || !b.Since.Before(a.Since) {
			t.Errorf("ABI %d takes away from ABI %d", a.ABI, b.ABI)
		}
	}
	if RightsOf(0) != (LandlockRights{}) || RightsOf(99) != landlockABIs[len(landlockABIs)-1] {
		t.Error("the ends of the table")
	}
}
