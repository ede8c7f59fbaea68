package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

const deadHead = "language 1\npolicy d\narch x86_64, i386\ndefault kill-process\nparam p = yes\nallow exit_group rt_sigreturn read\n"

// grid is 128 rules that together match every write, more cases than the
// resolver's search goes through.
func grid() string {
	var b strings.Builder
	b.WriteString("allow")
	for i := range 128 {
		fmt.Fprintf(&b, " write(fd & 7 == %d, count & 15 == %d)", i/16, i%16)
	}
	return b.String() + "\n"
}

func TestDeadRules(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int    // what the verifier adds to the resolver's warnings
		hint       string // in it
	}{
		{"none", "", 0, ""},
		{"only the verifier sees it", grid() + "errno EPERM write\n", 1, "or one of 127 other rules"},
		{"the resolver's own", "errno EPERM read\n", 0, ""},
		{"shadowed for now", "when $p { " + grid() + " }\nerrno EPERM write\n", 0, ""},
		{"dead under a when", grid() + "when $p { errno EPERM write }\n", 1, "decides before it"},
		{"alive in one phase", "phase a { " + grid() + " }\nphase b { allow read }\nerrno EPERM write\n", 0, ""},
		{"dead in both", "phase a { " + grid() + " }\nphase b { " + grid() + " }\nerrno EPERM write\n", 1, "d.narrow:7:17"},
		{"a member of a set", grid() + "set @w { write close }\nerrno EPERM @w\n", 0, ""},
		{"contradiction", "allow close(fd == 1, fd == 2)\n", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := deadIn(t, deadHead+c.text)
			if len(got) != c.want {
				t.Fatalf("%d warnings, want %d: %v", len(got), c.want, got)
			}
			if c.want > 0 && (!strings.Contains(got[0].Error(), c.hint) || !strings.Contains(got[0].Error(), "errno EPERM write can never decide")) {
				t.Errorf("%s: want %q in it", got[0], c.hint)
			}
		})
	}
}

func deadIn(t *testing.T, text string) policy.ErrorList {
	t.Helper()
	p, err := policy.Load("d.narrow", []byte(text), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, err := policy.Parse("d.narrow", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return deadRules(verify.New(verify.Limits{}), p, f)
}
