package seccomp

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// runc is a program that uses libseccomp-golang. Its tests export filters with
// it, patch the programs and run them.
const runc = "github.com/opencontainers/runc@v1.3.0"

// TestRunc builds runc's package for seccomp with this one in the place of the
// cgo package, by two replace lines, and runs its tests.
func TestRunc(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a part of runc; not in short mode")
	}
	if _, err := exec.LookPath("pkg-config"); err != nil && os.Getenv("CI") != "true" {
		t.Skip("runc's own constants need pkg-config, gcc and libseccomp-dev")
	}
	source := fetch(t, runc)
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "runc")
	if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "vendor")); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	if err := os.Chmod(filepath.Join(dir, "go.mod"), 0o644); err != nil {
		t.Fatal(err)
	}
	command("mod", "edit", "-replace", "github.com/seccomp/libseccomp-golang="+here,
		"-replace", "github.com/narrow-sandbox/narrow="+filepath.Join(here, "..", ".."))
	out := command("test", "-count=1", "-v", "-tags", "seccomp", "./libcontainer/seccomp/...")
	if !strings.Contains(out, "--- PASS: TestEnosysStub") {
		t.Errorf("runc's tests did not run:\n%s", out)
	}
	if deps := command("list", "-tags", "seccomp", "-deps", "-f", "{{.ImportPath}} {{.Dir}}", "./libcontainer/seccomp"); !strings.Contains(deps, here) {
		t.Errorf("runc was not built with this package:\n%s", deps)
	}
}
