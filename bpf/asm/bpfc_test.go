package asm

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
)

// bpfcPath finds netsniff-ng's bpfc, or skips the test. Debian has it in
// /usr/sbin, which is not on every user's path.
func bpfcPath(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"bpfc", "/usr/sbin/bpfc"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "bpfc (Debian package netsniff-ng)")
	return ""
}

// missing skips a test for the lack of a part, or fails it in CI.
func missing(t testing.TB, part string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("missing: %s", part)
	}
	t.Skipf("missing: %s", part)
}

// runBpfc gives a source to bpfc and returns what it prints, and whether it
// was content.
func runBpfc(t testing.TB, path, source string, args ...string) (string, bool) {
	t.Helper()
	cmd := exec.Command(path, append(args, "-i", "-")...)
	cmd.Stdin = bytes.NewReader([]byte(source))
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err == nil
}
