package policy

import (
	"path"
	"strings"
)

// glob reports whether a thread's name fits a pattern: path.Match, but for the
// slash, which in a thread's name ("kworker/0:1") is a letter like others.
func glob(pattern, name string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "\x00"), strings.ReplaceAll(name, "/", "\x00"))
	return ok && err == nil
}
