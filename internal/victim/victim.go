// Package victim does what a break-in does first, in the process that calls
// it: execute a shell, connect out, write to ~/.bashrc, read a private key,
// fork, make memory executable, trace another process.
//
// It is for `narrow demo` and for tests, which run it free and narrowed and
// compare. It goes to the kernel directly, as injected code would, and is
// therefore the one package besides internal/kernel that makes system calls.
// What succeeds does no harm: the home is a throw-away folder, the shell exits
// at once, and the connection stays on this machine.
package victim

import (
	"errors"
	"os"
	"path/filepath"
)

// Result is how one attempt ended.
type Result struct {
	Name   string `json:"name"`             // for people: "execute a shell"
	Call   string `json:"call"`             // the call that decides, as strace writes it
	Worked bool   `json:"worked"`           // the kernel did it
	Detail string `json:"detail,omitempty"` // its answer if not: "EPERM", "EACCES", ...
}

// Prepare fills a throw-away home with what the attempts are after.
func Prepare(home string) error {
	return errors.Join(
		os.MkdirAll(filepath.Join(home, ".ssh"), 0o755),
		os.WriteFile(bashrc(home), []byte("# a startup file\n"), 0o666),
		os.WriteFile(key(home), []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real one\n-----END OPENSSH PRIVATE KEY-----\n"), 0o644),
	)
}

func bashrc(home string) string { return filepath.Join(home, ".bashrc") }
func key(home string) string    { return filepath.Join(home, ".ssh", "id_ed25519") }
