package policy

import (
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// TestNoCallIsAKeyword holds what lets a rule end at the next keyword.
func TestNoCallIsAKeyword(t *testing.T) {
	for _, k := range statements {
		if abi.KnownCall(k.name) {
			t.Errorf("%s is a system call and begins a statement", k.name)
		}
	}
}

// TestEveryKeywordParses checks that each word is read as a statement of its
// own where it may stand, and refused where it may not.
func TestEveryKeywordParses(t *testing.T) {
	examples := map[string]string{
		"language": "language 1", "policy": "policy x", "param": "param x = 1", "arch": "arch x86_64", "default": "default allow",
		"newer": "newer allow than linux 6.1", "set": "set @x { read }", "process": "process {}", "files": "files {}", "network": "network {}",
		"phase": "phase x {}", "test": "test x {}", "thread": "thread x {}", "label": "label {}", "strict": "strict", "include": `include "x"`,
		"when": "when $x {}", "errno": "errno EPERM read", "read": "read /x", "write": "write /x", "execute": "execute /x", "bind": "bind tcp 1",
		"connect": "connect udp any", "udp": "udp", "unix": "unix", "user": "user x", "group": "group x", "capabilities": "capabilities none",
		"descriptors": "descriptors 0", "memory": "memory write-xor-execute", "rlimit": "rlimit AS 1", "apparmor": "apparmor x", "selinux": "selinux x",
		"smack": "smack x", "tomoyo": "tomoyo x",
	}
	blocks := map[context][2]string{
		inFile: {"", ""}, inWhen: {"when $y { ", " }"}, inPhase: {"phase y { ", " }"}, inThread: {"phase y { thread z { ", " } }"},
		inTest: {"test y { ", " }"}, inProcess: {"process { ", " }"}, inFiles: {"files { ", " }"}, inNetwork: {"network { ", " }"},
		inLabel: {"phase y { label { ", " } }"},
	}
	for in, braces := range blocks {
		for _, k := range append(statements[:], lines[:]...) {
			text := examples[k.name]
			if text == "" {
				text = k.name + " read" // a verdict
			}
			src := braces[0] + text + braces[1]
			_, err := Parse("p", []byte(src))
			if allowed := k.in&in != 0; allowed != (err == nil) {
				t.Errorf("%s: %v, want it accepted: %v", src, err, allowed)
			}
			if err != nil && !strings.Contains(err.Error(), k.name) {
				t.Errorf("%s: %v does not name %s", src, err, k.name)
			}
		}
	}
}

func TestVerdictNames(t *testing.T) {
	names := verdictNames()
	if got, want := strings.Join(names, " "), "allow log trace notify errno trap kill-thread kill-process"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, name := range names {
		if kind, ok := verdictKind(name); !ok || kind.String() != name {
			t.Errorf("%s is read as %v, %v", name, kind, ok)
		}
	}
	if _, ok := verdictKind("deny"); ok {
		t.Error("deny is a verdict")
	}
}
