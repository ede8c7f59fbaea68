package ruleset

import "github.com/narrow-sandbox/narrow/internal/kernel"

// Here makes rulesets in this process. They are close-on-exec.
type Here struct{}

// CreateRuleset is kernel.LandlockCreateRuleset.
func (Here) CreateRuleset(fs kernel.AccessFS, net kernel.AccessNet, scope kernel.Scope) (int, error) {
	return kernel.LandlockCreateRuleset(fs, net, scope)
}

// OpenPath opens a place and looks what it is.
func (Here) OpenPath(path string) (fd int, folder bool, err error) {
	if fd, err = kernel.OpenPath(path); err != nil {
		return -1, false, err
	}
	place, err := kernel.PlaceOf(fd)
	if err != nil {
		kernel.Close(fd)
		return -1, false, err
	}
	return fd, place.Folder, nil
}

// AddPath is kernel.LandlockAddPath.
func (Here) AddPath(ruleset, fd int, allowed kernel.AccessFS) error {
	return kernel.LandlockAddPath(ruleset, fd, allowed)
}

// AddPort is kernel.LandlockAddPort.
func (Here) AddPort(ruleset int, port uint16, allowed kernel.AccessNet) error {
	return kernel.LandlockAddPort(ruleset, port, allowed)
}

// Close is kernel.Close.
func (Here) Close(fd int) { kernel.Close(fd) }
