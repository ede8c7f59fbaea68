//go:build cgo

package narrow

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// extraFolder is a folder that domains leave readable as a list. With cgo,
// libpsx lists the threads of the process again after the first thread is in
// the domain, and kills the process if it cannot
// (github.com/landlock-lsm/go-landlock/issues/39).
func extraFolder() string { return taskPath() }

// taskReadable checks that libpsx can list the threads now, too.
func (e *entering) taskReadable() error {
	if !e.may(syscall.SYS_OPENAT, ^uint64(99), 1<<20, syscall.O_RDONLY|syscall.O_DIRECTORY) {
		return errors.New("the filter of the phase before stops what libpsx needs")
	}
	if err := kernel.TryReadFolder(taskPath()); err != nil {
		return fmt.Errorf("%s cannot be read, which a domain for all threads needs with cgo: %w", taskPath(), err)
	}
	return nil
}
