package narrow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
)

// oldKernel makes this process's kernel one that lacks calls, by a filter of
// which the policy knows nothing.
func oldKernel(lacks ...uint32) error {
	p := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, 0)}
	for _, nr := range lacks {
		p = append(p, bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, nr, 0, 1), bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetErrno)|uint32(unix.ENOSYS)))
	}
	p = append(p, bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)))
	if err := kernel.SetNoNewPrivs(); err != nil {
		return err
	}
	_, err := kernel.SeccompSetModeFilter(p, kernel.FilterTSYNC)
	return err
}

var landlockCalls = []uint32{unix.SYS_LANDLOCK_CREATE_RULESET, unix.SYS_LANDLOCK_ADD_RULE, unix.SYS_LANDLOCK_RESTRICT_SELF}

// A layer that the kernel lacks: required, it is an error and nothing happens;
// by best effort the rest is entered, and the report says what lacks.
func TestNeeds(t *testing.T) {
	text := strings.Replace(staircase, "phase init", "files { read /etc /dev }\nphase init", 1)
	for name, c := range map[string]struct {
		needs  narrow.Needs
		lacks  []uint32
		err    error
		layer  narrow.Layer
		status narrow.Status
		also   narrow.Layer // is enforced nevertheless
	}{
		"Landlock required":       {narrow.Needs{}, landlockCalls, narrow.ErrNotSupported, narrow.LayerLandlock, "", ""},
		"Landlock, best effort":   {narrow.Needs{Landlock: narrow.BestEffort}, landlockCalls, nil, narrow.LayerLandlock, narrow.Absent, narrow.LayerSeccomp},
		"Landlock, audit only":    {narrow.Needs{Landlock: narrow.AuditOnly}, landlockCalls, nil, narrow.LayerLandlock, narrow.Absent, narrow.LayerSeccomp},
		"seccomp required":        {narrow.Needs{}, []uint32{unix.SYS_SECCOMP}, narrow.ErrNotSupported, narrow.LayerSeccomp, "", ""},
		"seccomp, best effort":    {narrow.Needs{Seccomp: narrow.BestEffort}, []uint32{unix.SYS_SECCOMP}, nil, narrow.LayerSeccomp, narrow.Absent, narrow.LayerLandlock},
		"seccomp, another's need": {narrow.Needs{Landlock: narrow.BestEffort}, []uint32{unix.SYS_SECCOMP}, narrow.ErrNotSupported, narrow.LayerSeccomp, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sandbox(t, text, narrow.Options{Needs: c.needs})
			inChild(t, func() error {
				if err := oldKernel(c.lacks...); err != nil {
					return err
				}
				r, err := s.Enter("init")
				if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
					return fmt.Errorf("got %v, want %v", err, c.err)
				}
				if err != nil {
					_, still := os.ReadDir("/")
					return errors.Join(still, mentions(err, string(c.layer)))
				}
				l := r.Layer(c.layer)
				if l.Status != c.status || len(l.Lacks) == 0 || r.Whole() {
					return fmt.Errorf("want %s %s with what it lacks:\n%v", c.layer, c.status, r)
				}
				if got := r.Layer(c.also).Status; got != narrow.Enforced {
					return fmt.Errorf("%s is %s:\n%v", c.also, got, r)
				}
				return nil
			})
		})
	}
}

func mentions(err error, word string) error {
	if strings.Contains(err.Error(), word) {
		return nil
	}
	return fmt.Errorf("%q does not mention %s", err, word)
}

// What is lacking can be asked for before anything is entered.
func TestLacks(t *testing.T) {
	s := sandbox(t, strings.Replace(staircase, "phase init", "process { memory write-xor-execute }\nfiles { read /etc }\nphase init", 1))
	inChild(t, func() error {
		if lacks := s.Lacks(); len(lacks) != 0 {
			return fmt.Errorf("here: %v", lacks)
		}
		if err := oldKernel(landlockCalls...); err != nil {
			return err
		}
		lacks := s.Lacks()
		if len(lacks) != 1 {
			return fmt.Errorf("without Landlock: %v", lacks)
		}
		return errors.Join(want(lacks[0], narrow.ErrNotSupported), mentions(lacks[0], "Landlock"))
	})
}

// A report is for logs, too.
func TestReportAsJSON(t *testing.T) {
	s := sandbox(t, staircase)
	inChild(t, func() error {
		r, err := s.Enter("init")
		if err != nil {
			return err
		}
		text, err := json.Marshal(r)
		if err != nil {
			return err
		}
		for _, word := range []string{`"policy":"staircase"`, `"phase":"init"`, `"need":"required"`, `"status":"enforced"`, `"seccomp_filters":1`, `"no_new_privs":true`, `"descriptors":[{"fd":0,`} {
			if !strings.Contains(string(text), word) {
				return fmt.Errorf("no %s in %s", word, text)
			}
		}
		return nil
	})
}
