// Package profiles holds the policies that narrow ships, by name: memcached,
// redis, nginx and the small one that the demo runs.
package profiles

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.narrow
var files embed.FS

// Text is the text of the shipped profile called name.
func Text(name string) ([]byte, bool) {
	if name == "" || strings.ContainsAny(name, "/\\.") {
		return nil, false
	}
	b, err := files.ReadFile(name + ".narrow")
	return b, err == nil
}

// Names lists the shipped profiles, sorted.
func Names() []string {
	entries, _ := fs.ReadDir(files, ".")
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".narrow")
	}
	return names
}
