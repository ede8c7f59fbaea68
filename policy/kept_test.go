package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
)

// loadPhases resolves a policy whose head is given.
func loadPhases(t *testing.T, arches, rest string) *policy.Policy {
	t.Helper()
	p, err := policy.Load("p.narrow", []byte("language 1\npolicy p\narch "+arches+" else kill-process\ndefault errno EPERM\n"+rest), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What each phase keeps, without the arguments and with the phase that needs it.
func TestKept(t *testing.T) {
	const (
		filter = "seccomp seccomp"
		domain = " landlock_create_ruleset landlock_restrict_self close"
		paths  = " landlock_add_rule openat"
		ports  = " landlock_add_rule"
		inside = " getpid gettid tgkill tkill rt_sigaction rt_sigprocmask rt_sigreturn futex nanosleep sched_yield openat open getdents64"
	)
	for name, c := range map[string]struct {
		phases string
		want   []string // a phase each
	}{
		"one phase":              {"allow read", []string{""}},
		"a filter":               {"phase a { allow read } phase b { allow read }", []string{"b: " + filter, ""}},
		"the nearest":            {"phase a { allow read } phase b { allow read } phase c { allow read }", []string{"b: " + filter, "c: " + filter, ""}},
		"no filter before":       {"phase a { allow * } phase b { allow read }", []string{"", ""}},
		"no filter after":        {"phase a { allow * } phase b { allow read } phase c { allow * }", []string{"", "", ""}},
		"far":                    {"phase a { allow read } phase b { allow * } phase c { allow read }", []string{"c: " + filter, "", ""}},
		"only in a class":        {"phase a { allow read } phase b { allow * thread w { allow read } }", []string{"b: " + filter, ""}},
		"mode 1":                 {"phase a { allow * } phase b { strict }", []string{"", ""}},
		"files by a trigger":     {"phase a { allow read } phase b after read in main { allow read files { read /etc } }", []string{"b: " + filter + domain, ""}},
		"no file by a trigger":   {"phase a { allow read } phase b after ready { allow read files { } }", []string{"b: " + filter + domain, ""}},
		"ports by a trigger":     {"phase a { allow read } phase b after ready { allow read network { bind tcp 80 } }", []string{"b: " + filter + domain, ""}},
		"ports from inside":      {"phase a { allow read } phase b { allow read network { bind tcp 80 } }", []string{"b: " + filter + domain + ports + inside, ""}},
		"any port from inside":   {"phase a { allow read } phase b { allow read network { bind tcp any } }", []string{"b: " + filter + domain + inside, ""}},
		"both from inside":       {"phase a { allow read } phase b { allow read files { read /etc } network { connect tcp 80 } }", []string{"b: " + filter + domain + paths + ports + inside, ""}},
		"files from inside":      {"phase a { allow read } phase b { allow read files { read /etc } }", []string{"b: " + filter + domain + paths + inside, ""}},
		"files without a filter": {"phase a { allow read } phase b { allow * files { read /etc } }", []string{"b: " + filter + domain + paths + inside, ""}}, // what files implies is one
		"of the top":             {"files { read /etc } phase a { allow read } phase b { allow read }", []string{"b: " + filter, ""}},
		"a block that is not":    {"param p = no phase a { allow read } phase b { allow read when $p { files { read /etc } } }", []string{"b: " + filter, ""}},
		"each for its own": {"phase a { allow read } phase b { allow read files { read /etc } } phase c after ready { allow read network { connect tcp 80 } }",
			[]string{"b: " + filter + domain + paths + inside, "c: " + filter + domain, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, ph := range loadPhases(t, "x86_64", c.phases).Phases {
				got = append(got, keptNames(ph))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func keptNames(ph *policy.PhaseRules) string {
	var words []string
	last := ""
	for _, k := range ph.Kept {
		if k.Phase != last {
			last = k.Phase
			words = append(words, k.Phase+":")
		}
		name, _, _ := strings.Cut(k.Call, "(")
		words = append(words, name)
	}
	return strings.Join(words, " ")
}

// Kept calls run whatever the rules, the blocks and the classes say, on each
// architecture, and are gone in the last phase. What is not needed does not run.
func TestKeptCallsRun(t *testing.T) {
	for _, a := range abi.Arches() {
		p := loadPhases(t, a.Name, `
			files { read /etc }
			kill-process * # before all that follows
			phase a { thread w { kill-thread seccomp } }
			phase b { thread v { errno EPERM close } files { read /etc/passwd } }
			phase c after ready { network { } }`)
		const tsync = 1
		for _, c := range []struct {
			runs string // the phases in which it does
			call string
			args [6]uint64
		}{
			{"a b", "seccomp", [6]uint64{1, 0}},
			{"a b", "seccomp", [6]uint64{1 | 7<<32, tsync | 7<<32}}, // int and unsigned int
			{"", "seccomp", [6]uint64{1, 1 << 3}},
			{"", "seccomp", [6]uint64{0, 0}},
			{"a b", "landlock_create_ruleset", [6]uint64{9, 9, 0}},
			{"", "landlock_create_ruleset", [6]uint64{0, 0, 1}},
			{"a b", "landlock_restrict_self", [6]uint64{4, 0}},
			{"a b", "close", [6]uint64{4}},
			{"a", "landlock_add_rule", [6]uint64{4, 1}},
			{"", "landlock_add_rule", [6]uint64{4, 2}},
			{"a", "getdents64", [6]uint64{}},
			{"a", "tgkill", [6]uint64{1, 1, 33}},
			{"", "tgkill", [6]uint64{1, 1, 9}},
			{"", "read", [6]uint64{}},
		} {
			call, ok := a.Call(c.call)
			if !ok {
				t.Fatalf("%s has no %s", a.Name, c.call)
			}
			if a.Register == 32 {
				for i := range c.args {
					c.args[i] &= 1<<32 - 1
				}
			}
			d := bpf.Data{Arch: a.Audit, Nr: call.Nr, Args: c.args}
			for _, ph := range p.Phases {
				want := slices.Contains(strings.Fields(c.runs), ph.Name)
				for _, thread := range []string{"", "w", "v"} {
					if v, by := ph.For(thread).Evaluate(&d); v.Kind.Runs() != want {
						t.Errorf("%s: phase %s, thread %q: %s gets %v by %s", a.Name, ph.Name, thread, policy.Describe(a, d), v, by.Text)
					}
				}
			}
		}
	}
}

// The place of a kept rule is the phase that needs it.
func TestKeptIsPlaced(t *testing.T) {
	p := loadPhases(t, "x86_64", "phase a { allow read }\nphase b { allow read }\n")
	for _, m := range p.Phases[0].Own.On(p.Arches[0]).Lists[0] {
		if m.Origin == policy.FromKernel && m.Text != "restart_syscall" && m.Pos.Line != 6 {
			t.Errorf("%s is placed at %v, want line 6", m.Text, m.Pos)
		}
	}
}

func TestWideForThreads(t *testing.T) {
	p := loadPhases(t, "x86_64", "phase a { allow read }\nphase b { allow read thread w { allow read } }\n")
	a := p.Arches[0]
	call, _ := a.Call("seccomp")
	for _, c := range []struct {
		phase int
		flags uint64
		runs  bool
	}{{0, 1, true}, {1, 0, true}, {1, 1, false}} {
		rules, err := p.WideForThreads(p.Phases[c.phase])
		if err != nil {
			t.Fatal(err)
		}
		if v, _ := rules.Evaluate(&bpf.Data{Arch: a.Audit, Nr: call.Nr, Args: [6]uint64{1, c.flags}}); v.Kind.Runs() != c.runs {
			t.Errorf("phase %d, flags %d: got %v", c.phase, c.flags, v)
		}
		if v, _ := p.Phases[1].Wide().Evaluate(&bpf.Data{Arch: a.Audit, Nr: call.Nr, Args: [6]uint64{1, 0}}); v.Kind.Runs() {
			t.Errorf("Wide has been changed")
		}
	}
}
