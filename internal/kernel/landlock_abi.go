package kernel

import "github.com/narrow-sandbox/narrow/abi"

// AccessFS is a set of LANDLOCK_ACCESS_FS_* rights (linux/landlock.h).
type AccessFS uint64

// The rights on files. Those from MakeChar to MakeSym and the removing ones
// are about the entries of a folder.
const (
	FSExecute AccessFS = 1 << iota
	FSWriteFile
	FSReadFile
	FSReadDir
	FSRemoveDir
	FSRemoveFile
	FSMakeChar
	FSMakeDir
	FSMakeReg
	FSMakeSock
	FSMakeFifo
	FSMakeBlock
	FSMakeSym
	FSRefer       // link or rename into another folder
	FSTruncate    // truncate, and open with O_TRUNC
	FSIoctlDev    // ioctl on a device opened later
	FSResolveUnix // connect to a unix socket by its path
)

// FSOnFile are the rights that a rule for something other than a folder may
// carry (security/landlock/fs.c:ACCESS_FILE); the kernel refuses others.
const FSOnFile = FSExecute | FSWriteFile | FSReadFile | FSTruncate | FSIoctlDev | FSResolveUnix

// AccessNet is a set of LANDLOCK_ACCESS_NET_* rights.
type AccessNet uint64

// The rights on ports.
const (
	NetBindTCP AccessNet = 1 << iota
	NetConnectTCP
	NetBindUDP
	NetConnectSendUDP
)

// Scope is a set of LANDLOCK_SCOPE_* flags: what does not reach out of the domain.
type Scope uint64

// The scopes. ScopeSignal breaks Go programs before ABI 8, as their threads
// may then not signal each other.
const (
	ScopeAbstractUnix Scope = 1 << iota
	ScopeSignal
)

// LandlockRights is what one ABI of Landlock can control.
type LandlockRights struct {
	ABI   int
	Since abi.Version // the first Linux with this ABI
	FS    AccessFS
	Net   AccessNet
	Scope Scope
}

// landlockABIs is what each ABI controls, from Documentation/userspace-api/landlock.rst;
// ABI 7 added the flags of the audit log, 8 TSYNC, 11 a flag of restrict_self.
var landlockABIs = [...]LandlockRights{
	{1, abi.Version{Major: 5, Minor: 13}, FSRefer - 1, 0, 0},
	{2, abi.Version{Major: 5, Minor: 19}, FSTruncate - 1, 0, 0},
	{3, abi.Version{Major: 6, Minor: 2}, FSIoctlDev - 1, 0, 0},
	{4, abi.Version{Major: 6, Minor: 7}, FSIoctlDev - 1, NetBindUDP - 1, 0},
	{5, abi.Version{Major: 6, Minor: 10}, FSResolveUnix - 1, NetBindUDP - 1, 0},
	{6, abi.Version{Major: 6, Minor: 12}, FSResolveUnix - 1, NetBindUDP - 1, ScopeAbstractUnix | ScopeSignal},
	{7, abi.Version{Major: 6, Minor: 15}, FSResolveUnix - 1, NetBindUDP - 1, ScopeAbstractUnix | ScopeSignal},
	{8, abi.Version{Major: 7, Minor: 0}, FSResolveUnix - 1, NetBindUDP - 1, ScopeAbstractUnix | ScopeSignal},
	{9, abi.Version{Major: 7, Minor: 1}, FSResolveUnix<<1 - 1, NetBindUDP - 1, ScopeAbstractUnix | ScopeSignal},
}

// RightsOf returns what the given ABI of Landlock controls: none for 0, and
// for one younger than the table the youngest that it knows.
func RightsOf(version int) LandlockRights {
	if version < 1 {
		return LandlockRights{}
	}
	return landlockABIs[min(version, len(landlockABIs))-1]
}

// LandlockSince returns the first Linux with that ABI.
func LandlockSince(version int) abi.Version { return RightsOf(version).Since }
