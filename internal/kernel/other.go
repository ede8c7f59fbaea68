//go:build !linux

package kernel

// Off Linux no probe finds anything.

func probeSeccomp() error         { return ErrNotSupported }
func probeMDWE() error            { return ErrNotSupported }
func probeAction(uint32) error    { return ErrNotSupported }
func probeLandlock() (int, error) { return 0, ErrNotSupported }

// LSMs lists the security modules that are live: none.
func LSMs() []string { return nil }

// CheckProc makes sure that /proc shows this PID namespace: there is none.
func CheckProc() error { return ErrNotSupported }

// ThreadStatus reads what /proc says about one thread of a process.
func ThreadStatus(pid, tid int) (*Status, error) { return nil, ErrNotSupported }

// ProcessStatus reads what /proc says about every thread of a process.
func ProcessStatus(pid int) ([]*Status, error) { return nil, ErrNotSupported }

// CapByName returns the number of a capability.
func CapByName(name string) (uint, error) { return 0, ErrNotSupported }

// LimitByName returns the resource of a limit.
func LimitByName(name string) (resource int, ok bool) { return 0, false }

// Folder is a folder that only this process's user can change.
type Folder struct{}

// OpenFolder opens such a folder: there is none.
func OpenFolder(string) (*Folder, error) { return nil, ErrNotSupported }

// MakeFolder makes such a folder: there is none.
func MakeFolder(string) (*Folder, error) { return nil, ErrNotSupported }

// Close closes the folder.
func (*Folder) Close() {}

// Read returns a short file of the folder.
func (*Folder) Read(string) ([]byte, error) { return nil, ErrNotSupported }

// Write puts a short file into the folder.
func (*Folder) Write(string, []byte) error { return ErrNotSupported }
