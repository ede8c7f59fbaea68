package policy

import (
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

const threadsPolicy = `arch x86_64 default errno EPERM
phase p {
    allow read
    trap 1 socket
    thread main { allow write errno ENOENT mount }
    thread w1 { kill-process * }
    thread "w*" { log write trap 2 socket }
    thread w2 { kill-process * }
}`

func TestJoin(t *testing.T) {
	p, err := Load("t", []byte(threadsPolicy), Options{})
	if err != nil {
		t.Fatal(err)
	}
	ph, a := p.Phases[0], p.Arches[0]
	for _, test := range []struct{ thread, call, want string }{
		{"", "write", "errno EPERM"},
		{"main", "write", "allow"},
		{"w7", "write", "log"},
		{"w1", "write", "kill-process"},
		{"w2", "write", "log"}, // the first block that matches
		{"w*", "write", "log"},
		{"other", "write", "errno EPERM"},
		{"w7", "socket", "trap 2"},
		{"main", "socket", "trap 1"},
		{"main", "mount", "errno ENOENT"},
	} {
		d := callOf(t, a, test.call)
		if v, _ := ph.For(test.thread).Evaluate(&d); v.String() != test.want {
			t.Errorf("thread %q %s: got %v, want %s", test.thread, test.call, v, test.want)
		}
	}
	for call, want := range map[string]string{
		"write":  "allow",       // main's
		"socket": "trap 1",      // the phase's own, before the tie with w*
		"mount":  "errno EPERM", // likewise
		"ptrace": "errno EPERM",
	} {
		d := callOf(t, a, call)
		if v, _ := ph.Wide().Evaluate(&d); v.String() != want {
			t.Errorf("join, %s: got %v, want %s", call, v, want)
		}
	}
	if ph.For("w7") != ph.For("w8") || ph.For("x") != ph.Own {
		t.Error("For makes new rules")
	}
	if i386, _ := abi.ByName("i386"); len(ph.Own.On(i386).Lists) != 0 {
		t.Error("rules for i386")
	}
}

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"mc-worker", "mc-worker", true}, {"mc-*", "mc-worker", true}, {"mc-*", "mc", false},
		{"*", "kworker/0:1", true}, {"k*:1", "kworker/0:1", true}, {"k?", "k/", true},
		{"[ab]x", "bx", true}, {"[ab]x", "cx", false}, {`\*`, "*", true}, {"", "", true},
	} {
		if got := glob(test.pattern, test.name); got != test.want {
			t.Errorf("%q %q: got %v", test.pattern, test.name, got)
		}
	}
}

func TestUnfiltered(t *testing.T) {
	for _, test := range []struct {
		rules               string
		unfiltered, nothing bool
	}{
		{"allow *", true, false},
		{"allow * errno EPERM read", true, false},
		{"allow read allow *", false, false},
		{"allow * network { udp }", false, false},
		{"log *", false, false},
		{"", false, true},
		{"kill-process read", false, true},
		{"kill-process * allow read", false, true},
		{"notify read", false, false},
		{"phase a { allow * thread x { allow read } }", false, false},
		{"phase a { allow read thread x { errno EPERM * } }", false, true},
		{"phase a { allow * thread x { } }", true, false},
	} {
		p, err := Load("t", []byte("arch x86_64 default kill-process "+test.rules), Options{})
		if err != nil {
			t.Fatal(err)
		}
		ph := p.Phases[0]
		if ph.Unfiltered() != test.unfiltered || ph.AllowsNothing() != test.nothing {
			t.Errorf("%s: unfiltered %v, nothing %v", test.rules, ph.Unfiltered(), ph.AllowsNothing())
		}
	}
}

// TestStacks evaluates phases that have been entered one after the other.
func TestStacks(t *testing.T) {
	p, err := Load("t", []byte(`arch x86_64 default kill-process
		phase a { allow read write close log * }
		phase b { allow read errno EPERM write thread x { trap 5 close } }`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ phase, thread, call, want string }{
		{"a", "", "read", "allow"}, {"a", "", "mount", "log"},
		{"b", "", "read", "allow"}, {"b", "", "write", "errno EPERM"},
		{"b", "", "close", "kill-process"}, {"b", "x", "close", "trap 5"},
	} {
		d := callOf(t, p.Arches[0], test.call)
		v, by, ok := p.Evaluate(test.phase, test.thread, &d)
		if !ok || v.String() != test.want || by == nil || by.Verdict != v {
			t.Errorf("%v: got %v by %+v", test, v, by)
		}
	}
	if _, _, ok := p.Evaluate("c", "", nil); ok {
		t.Error("phase c")
	}
}
