// Command gen fetches Docker's default profiles into testdata: the default.json
// of some releases of github.com/moby/profiles/seccomp (Apache-2.0), as the Go
// module proxy has them.
package main

import (
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"path/filepath"
)

const module = "github.com/moby/profiles/seccomp"

// releases are those that tests compare.
var releases = []string{"v0.1.0", "v0.2.4", "v0.3.0"}

func main() {
	for _, release := range releases {
		if err := fetch(release); err != nil {
			log.Fatalf("%s: %v", release, err)
		}
	}
}

// fetch copies the profile of one release.
func fetch(release string) error {
	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+release)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return err
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(module.Dir, "default.json"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("testdata", "moby-"+release+".json"), text, 0o644)
}
