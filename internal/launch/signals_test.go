//go:build linux

package launch_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a parent has ignored and blocked, the program finds ignored and
// blocked, although Go's runtime came between. go test strips its binaries of
// the symbols that this needs, so a whole one is built.
func TestSignalsAreHandedOnExactly(t *testing.T) {
	if testing.Short() {
		t.Skip("short: it builds a binary")
	}
	whole := filepath.Join(filepath.Dir(self), "whole")
	if out, err := exec.Command("go", "test", "-c", "-o", whole, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	see := []string{"grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"}
	for _, c := range []struct{ ignore, block string }{
		{"", ""},
		{"HUP", ""},
		{"HUP INT QUIT PIPE TERM USR1 USR2 CHLD URG WINCH TSTP XFSZ 34 64", ""},
		{"", "--block-signal=USR1,CHLD,URG,PIPE,PROF"},
		{"PIPE", "--block-signal"},
	} {
		around := func(args ...string) []string {
			shell := []string{"sh", "-c", `for s in $0; do trap "" $s; done; exec "$@"`, c.ignore, "env"}
			if c.block != "" {
				shell = append(shell, c.block)
			}
			return append(shell, args...)
		}
		free := around(see...)
		runner := job{Draft: noExec}.command(see...)
		narrowed := around(append([]string{whole}, see...)...)
		a := runCommand(t, exec.Command(free[0], free[1:]...))
		n := exec.Command(narrowed[0], narrowed[1:]...)
		n.Env = runner.Env
		if b := runCommand(t, n); a.out != b.out || strings.Count(a.out, "\n") != 3 {
			t.Errorf("ignore %q, block %q\nfree: %v\nnarrowed: %v", c.ignore, c.block, a, b)
		}
	}
}

// Without symbols at least what nohup and a shell's & need is kept.
func TestHangupAndInterruptStayIgnoredAnyway(t *testing.T) {
	runner := job{Draft: noExec}.command("grep", "^SigIgn", "/proc/self/status")
	c := exec.Command("sh", append([]string{"-c", `trap "" HUP INT; exec "$@"`, "-"}, runner.Args...)...)
	c.Env = runner.Env
	if o := runCommand(t, c); !strings.HasSuffix(strings.TrimSpace(o.out), "3") {
		t.Error(o)
	}
}
