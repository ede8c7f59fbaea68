package seccomp

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// upstream is the package whose place this one takes, and whose own tests must
// pass here. They are not copied: the module is fetched, and an overlay puts
// its test files into this package.
const upstream = "github.com/seccomp/libseccomp-golang@v0.11.0"

// inUpstream marks the run with the overlay.
const inUpstream = "NARROW_UPSTREAM_TESTS"

func TestUpstream(t *testing.T) {
	if os.Getenv(inUpstream) != "" {
		t.Skip("this is the run with the upstream's tests")
	}
	dir := fetch(t, upstream)
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) < 2 {
		t.Fatalf("test files of %s: %v, %v", upstream, files, err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for _, f := range files {
		replace[filepath.Join(here, "upstream_"+filepath.Base(f))] = f
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "test", "-count=1", "-v", "-overlay", overlay, ".")
	cmd.Env = append(os.Environ(), inUpstream+"=1", "_EXPECTED_LIBSECCOMP_VERSION=2.6.0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"--- PASS: TestNotif ", "--- PASS: TestRuleAddAndLoad ", "--- PASS: TestTransaction ", "--- PASS: TestExpectedSeccompVersion ",
		"--- PASS: TestExportBPF ", "--- PASS: TestMergeFilters "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// fetch returns the folder with a module's sources.
func fetch(t *testing.T, module string) string {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = t.TempDir() // outside every module
	out, err := cmd.Output()
	var fetched struct{ Dir, Error string }
	if e := json.Unmarshal(out, &fetched); err == nil {
		err = e
	}
	if err != nil || fetched.Error != "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("cannot fetch %s: %v %s", module, err, fetched.Error)
		}
		t.Skipf("cannot fetch %s: %v %s", module, err, fetched.Error)
	}
	return fetched.Dir
}
