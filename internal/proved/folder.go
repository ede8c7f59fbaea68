package proved

import (
	"os"
	"path/filepath"

	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// rootFolder is where root's proofs are. Its environment does not count, as
// sudo may pass a user's on.
const rootFolder = "/var/cache/narrow/proved"

// ownFolder is this user's folder, "" where there is none: without a home, off
// Linux, or in a program that runs with another's rights than its user's.
func ownFolder() string {
	switch uid := os.Geteuid(); {
	case uid < 0 || uid != os.Getuid() || os.Getegid() != os.Getgid():
		return ""
	case uid == 0:
		return rootFolder
	}
	cache, err := os.UserCacheDir()
	if err != nil || !filepath.IsAbs(cache) {
		return ""
	}
	return filepath.Join(followed(cache), "narrow", "proved")
}

// followed is the path without links, as far as it exists: a home may be
// reached through one. What it leads to is looked at, part by part, when it is
// opened.
func followed(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil || path == "/" {
		return real
	}
	return filepath.Join(followed(filepath.Dir(path)), filepath.Base(path))
}

// folder remembers questions that were answered with yes. The zero value
// remembers nothing.
type folder struct{ path string }

// knows reports whether the question is remembered.
func (f folder) knows(name string) bool {
	if f.path == "" {
		return false
	}
	dir, err := kernel.OpenFolder(f.path)
	if err != nil {
		return false
	}
	defer dir.Close()
	got, err := dir.Read(name)
	return err == nil && string(got) == entry(name)
}

// remember notes a question, if it can.
func (f folder) remember(name string) {
	if f.path == "" {
		return
	}
	dir, err := kernel.MakeFolder(f.path)
	if err != nil {
		return
	}
	defer dir.Close()
	_ = dir.Write(name, []byte(entry(name))) // else it is proved again
}

// entry is what a file holds: its own name, so that one which was cut short,
// or written by something else, tells nothing.
func entry(name string) string { return "proved " + name + "\n" }
