package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// TestParseCallErrors: what is wrong with a call on the command line names the
// call, never with bytes that a terminal obeys, and is a status of 3.
func TestParseCallErrors(t *testing.T) {
	arch, _ := abi.ByName("x86_64")
	for text, want := range map[string]string{
		"raed":              `raed:1:1: unknown call "raed"; `,
		"read(fd == )":      `read(fd == ):1:`,
		"re\x1bad":          `"re\x1bad":1:3: `,
		"":                  "",
		"close(fd in {})":   "close(fd in {})",
		"read(buf == 1)":    "read(buf == 1):1:6: buf is a pointer",
		"read(fd == 1) x":   "",
		"read(count < 0)":   "read(count < 0): no call on x86_64 fits this",
		"epoll_wait(fd==1)": "epoll_wait(fd==1):1:12: epoll_wait has no argument named",
	} {
		_, err := parseCall(text, arch)
		var s *statusError
		if !errors.As(err, &s) || s.status != statusInput {
			t.Errorf("%q: %v, want an error of status 3", text, err)
			continue
		}
		if !strings.HasPrefix(err.Error(), want) || strings.ContainsRune(err.Error(), '\x1b') {
			t.Errorf("%q: %q, want %q first", text, err, want)
		}
	}
}

// TestParseCallExample: what a call leaves open is 0, and the least that fits.
func TestParseCallExample(t *testing.T) {
	arch, _ := abi.ByName("x86_64")
	d, err := parseCall("write(fd > 2, count in {5..9})", arch)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := policy.Describe(arch, d), "write(fd == 3, count == 5)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
