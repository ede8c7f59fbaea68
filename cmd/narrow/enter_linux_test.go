package main

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/inject"
)

// A process that is narrowed in part is ended, unless weakening was asked for;
// one that is untouched never is.
func TestEndPartial(t *testing.T) {
	for name, c := range map[string]struct {
		o    enterOptions
		err  error
		ends bool
	}{
		"partial":     {enterOptions{}, &inject.Error{Partial: true, Err: syscall.E2BIG}, true},
		"best effort": {enterOptions{bestEffort: true}, &inject.Error{Partial: true, Err: syscall.E2BIG}, false},
		"untouched":   {enterOptions{}, &inject.Error{Err: syscall.E2BIG}, false},
		"another":     {enterOptions{}, errors.New("no"), false},
	} {
		sleep := exec.Command("sleep", "60")
		if err := sleep.Start(); err != nil {
			t.Skip(err)
		}
		err := c.o.endPartial(sleep.Process.Pid, c.err)
		if !errors.Is(err, c.err) || strings.Contains(err.Error(), "it has been ended") != c.ends {
			t.Errorf("%s: got %v", name, err)
		}
		if !c.ends {
			if err := sleep.Process.Signal(syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		}
		sleep.Wait()
		want := syscall.SIGTERM
		if c.ends {
			want = syscall.SIGKILL
		}
		if got := sleep.ProcessState.Sys().(syscall.WaitStatus).Signal(); got != want {
			t.Errorf("%s: ended by %v, want %v", name, got, want)
		}
	}
}
