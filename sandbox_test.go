package narrow_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow"
	"github.com/narrow-sandbox/narrow/policy"
)

func TestParseRefuses(t *testing.T) {
	const head = "language 1\npolicy x\narch x86_64 else kill-process\n"
	tests := []struct {
		name, text string
		kind       error
		say        string
	}{
		{"a later phase that allows more", head + "default errno EPERM\nphase a { allow read }\nphase b { allow read write }\n", narrow.ErrStaircase, "phase b: "},
		{"a later class that allows more", head + "default errno EPERM\nphase a { allow read write thread w { errno EPERM write } }\nphase b { allow read thread w* { allow write } }\n", narrow.ErrStaircase, "phase b: thread w*: x.narrow:6:40: it lets run what phase a, thread w stops: write(fd == 0, count == 0) on x86_64; allow the call"},
		{"notify", head + "default allow\nnotify read\n", nil, "supervisor"},
		{"trace as else", "language 1\npolicy x\narch x86_64 else trace\ndefault allow\nerrno EPERM read\n", nil, "supervisor"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := narrow.Parse("x.narrow", tt.text)
			var e *narrow.Error
			if !errors.As(err, &e) || tt.kind != nil && !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.say) {
				t.Errorf("got %v, want %v with %q", err, tt.kind, tt.say)
			}
		})
	}
	_, err := narrow.Parse("x.narrow", "allow raed\nallow wirte\n")
	var list policy.ErrorList
	if !errors.As(err, &list) || len(list) < 2 {
		t.Errorf("want all errors of the text: %v", err)
	}
}

func TestStrictIsRefusedWithTheReason(t *testing.T) {
	s, err := narrow.Parse("x.narrow", "language 1\npolicy x\narch x86_64, aarch64\ndefault kill-process\nphase a { strict }\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Enter("a"); !errors.Is(err, narrow.ErrStrict) || !strings.Contains(err.Error(), "futex") {
		t.Errorf("got %v", err)
	}
}

func TestKept(t *testing.T) {
	s, err := narrow.Parse("x.narrow", "language 1\npolicy x\narch x86_64, aarch64 else kill-process\ndefault errno EPERM\n"+
		"phase a { allow read write }\nphase b { allow read write }\nphase c { allow read }\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"seccomp(op == SECCOMP_SET_MODE_FILTER, flags == 0)", "seccomp(op == SECCOMP_SET_MODE_FILTER, flags == SECCOMP_FILTER_FLAG_TSYNC)"}
	if got := s.Kept("a"); !slices.Equal(got, want) {
		t.Errorf("phase a keeps %q, want %q", got, want)
	}
	if got := s.Kept("c"); len(got) != 0 {
		t.Errorf("the last phase keeps %q", got)
	}
}

func TestOpenIncludesFromBeside(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("common.narrow", "allow read\n")
	main := write("main.narrow", "language 1\npolicy x\narch x86_64, aarch64\ndefault errno EPERM\ninclude \"common.narrow\"\n")
	s, err := narrow.Open(main)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Phases(); len(got) != 1 || got[0] != "all" {
		t.Errorf("phases %q", got)
	}
	if _, err := narrow.Open(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := narrow.Open(main, narrow.Options{}, narrow.Options{}); err == nil {
		t.Error("two Options")
	}
	if _, err := narrow.Open(main, narrow.Options{Needs: narrow.Needs{Seccomp: 9}}); err == nil {
		t.Error("an unknown need")
	}
}

// A Sandbox that nobody made refuses everything, and says why.
func TestUnmadeSandbox(t *testing.T) {
	var s narrow.Sandbox
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for name, f := range map[string]func() error{
		"Enter":       func() error { _, err := s.Enter("serving"); return err },
		"EnterThread": func() error { _, err := s.EnterThread("worker"); return err },
		"Trapping":    func() error { _, err := s.Trapping(); return err },
		"New":         func() error { _, err := narrow.New(nil); return err },
	} {
		if err := f(); !errors.Is(err, narrow.ErrOrder) || !strings.HasSuffix(err.Error(), "there is no policy; make the Sandbox by Parse, Open or New") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if s.Phase() != "" || len(s.Phases()) != 0 || s.Kept("x") != nil || s.Lacks() != nil || s.Warnings() != nil || s.Policy() != nil {
		t.Error("it tells something of itself")
	}
}
