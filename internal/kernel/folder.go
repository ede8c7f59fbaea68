package kernel

import (
	"errors"
	"fmt"
)

// ErrUntrusted is a folder that somebody else than this process's user, or
// root, could change.
var ErrUntrusted = errors.New("somebody else could change it")

// Entry limits: what is remembered is short, and there is never a reason for
// very many.
const (
	maxEntry   = 4096 // bytes
	maxEntries = 4096
)

// untrusted says which part of a path is not to be believed, and why.
func untrusted(part, why string, args ...any) error {
	return fmt.Errorf("%s: %w: %s", part, ErrUntrusted, fmt.Sprintf(why, args...))
}
