//go:build linux

package launch

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/kernel"
	"github.com/narrow-sandbox/narrow/internal/proved"
	"github.com/narrow-sandbox/narrow/internal/ruleset"
	"github.com/narrow-sandbox/narrow/policy"
)

// onThread runs f on a thread of its own, which is thrown away: what f does to
// the thread stays with it.
func onThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		done <- f()
	}()
	return <-done
}

// Should somebody guess the three pointers, Landlock still leaves nothing
// executable but the program and its loader, and takes nothing else away.
func TestGuardLeavesOnlyTheProgramExecutable(t *testing.T) {
	var features kernel.Features
	version, err := features.Landlock()
	if err != nil {
		t.Skip(err)
	}
	p, err := findProgram("sleep", []string{"PATH=/usr/bin:/bin"})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.chain) != 2 {
		t.Fatalf("the chain of a dynamic program: %v", p.chain)
	}
	dir := t.TempDir()
	for _, d := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mine := filepath.Join(dir, "mine")
	if err := exec.Command("cp", "/bin/true", mine).Run(); err != nil {
		t.Fatal(err)
	}
	err = onThread(func() error {
		rulesets, reasons := ruleset.Build(ruleset.Here{}, []*ruleset.Plan{ruleset.OnlyExecutable(p.chain, kernel.RightsOf(version))})
		if len(reasons) > 0 {
			return errors.Join(reasons...)
		}
		if err := errors.Join(kernel.SetNoNewPrivs(), enterAll(rulesets)); err != nil {
			return err
		}
		if err := kernel.TryExecute(p.path); err != nil && !errors.Is(err, unix.EINVAL) { // before 6.14
			t.Errorf("the program itself: %v", err)
		}
		for _, other := range []string{"/bin/sh", "/usr/bin/env", mine, "/proc/self/exe"} {
			if err := kernel.TryExecute(other); !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EINVAL) {
				t.Errorf("%s can be executed: %v", other, err)
			}
		}
		name := filepath.Join(dir, "a", "file")
		return errors.Join(
			os.WriteFile(name, nil, 0o600),
			os.Rename(name, filepath.Join(dir, "b", "file")), // into another folder
			os.Link(filepath.Join(dir, "b", "file"), name),
			kernel.TryReadFolder("/"),
			os.Truncate(name, 1),
		)
	})
	if err != nil {
		t.Error(err)
	}
}

// rulesFor is a list that answers execve with the verdict, and all else with allow.
func rulesFor(a *abi.Arch, v policy.Verdict) *policy.Rules {
	call, _ := a.Call("execve")
	nr := uint64(call.Nr)
	list := policy.List{
		{Verdict: v, Numbers: []policy.Range{{Low: nr, High: nr}}, Text: "execve"},
		{Verdict: policy.Verdict{Kind: policy.Allow}, Numbers: owned(a), Text: "*", Origin: policy.FromDefault},
	}
	return &policy.Rules{Arches: []*policy.ArchRules{{Arch: a, Lists: []policy.List{list}}}}
}

func owned(a *abi.Arch) []policy.Range {
	if a.Name == "x86_64" {
		return []policy.Range{{Low: 0, High: 1<<30 - 1}, {Low: 1 << 31, High: 3<<30 - 1}}
	}
	return []policy.Range{{Low: 0, High: 1<<32 - 1}}
}

// The filter lets through exactly the one execve, whatever single bit of it is
// changed, and leaves alone a policy that lets execve run anyway.
func TestOwnExecveIsExactlyOneCall(t *testing.T) {
	native := abi.Native()
	call, _ := native.Call("execve")
	mask := ^uint64(0) >> (64 - native.Register)
	for range 50 {
		own := [3]uint64{rand.Uint64() & mask, rand.Uint64() & mask, rand.Uint64() & mask}
		rules := rulesFor(native, policy.Verdict{Kind: policy.KillProcess})
		program, added, err := startFilter(proved.Afresh(), rules, native, own)
		if err != nil || !added {
			t.Fatal(added, err)
		}
		if len(rules.Arches[0].Lists[0]) != 2 {
			t.Fatal("the policy's own rules were changed")
		}
		ask := func(d bpf.Data) bpf.Action {
			d.Nr, d.Arch = call.Nr, native.Audit
			value, _, err := program.Run(&d)
			if err != nil {
				t.Fatal(err)
			}
			return bpf.Action(value)
		}
		d := bpf.Data{Args: [6]uint64{own[0], own[1], own[2], rand.Uint64(), rand.Uint64(), rand.Uint64()}}
		if got := ask(d); got != bpf.RetAllow {
			t.Fatalf("the start itself: %v", got)
		}
		for i := range 3 {
			for bit := range native.Register {
				changed := d
				changed.Args[i] ^= 1 << bit
				if got := ask(changed); got != bpf.RetKillProcess {
					t.Fatalf("register %d, bit %d: %v", i, bit, got)
				}
			}
		}
	}
	for kind, want := range map[policy.Kind]bool{policy.Allow: false, policy.Log: false, policy.Errno: true, policy.Trap: true, policy.KillThread: true} {
		if _, added, err := startFilter(proved.Afresh(), rulesFor(native, policy.Verdict{Kind: kind}), native, [3]uint64{1, 2, 3}); added != want || err != nil {
			t.Errorf("%v: added %v, %v", kind, added, err)
		}
	}
}

// A thread class that lets execve run lets the process-wide filter run it.
func TestOwnExecveIsNotAddedWhereAThreadMayExec(t *testing.T) {
	native := abi.Native()
	phase := &policy.PhaseRules{
		Own:     rulesFor(native, policy.Verdict{Kind: policy.KillProcess}),
		Classes: []*policy.Class{{Name: "w", Rules: rulesFor(native, policy.Verdict{Kind: policy.Allow})}},
	}
	wide := phase.Wide()
	if _, added, err := startFilter(proved.Afresh(), wide, native, [3]uint64{1, 2, 3}); added || err != nil {
		t.Errorf("the class lets execve run, and a rule was added: %v, %v", added, err)
	}
}

func TestLabelHolds(t *testing.T) {
	for _, c := range []struct {
		lsm, wanted, saw string
		want             bool
	}{
		{"apparmor", "memcached//serving", "memcached//serving (enforce)", true},
		{"apparmor", "memcached", "memcached (complain)", false},
		{"apparmor", "memcached", "memcached2 (enforce)", false},
		{"apparmor", "b", "a//&b (enforce)", true},
		{"apparmor", "x", "unconfined", false},
		{"selinux", "memcached_t", "system_u:system_r:memcached_t:s0-s0:c0.c1023", true},
		{"selinux", "memcached_t", "system_u:system_r:memcached_t2:s0", false},
		{"selinux", "memcached_t", "kernel", false},
		{"smack", "Mem", "Mem", true},
		{"smack", "Mem", "Memcached", false},
		{"tomoyo", "<a> /b", "<a> /b", true},
	} {
		if got := (labelRequest{lsm: c.lsm, wanted: c.wanted}).holds(c.saw); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// Landlock guards a start only where the policy lets nothing be executed.
func TestLetsExec(t *testing.T) {
	native := abi.Native()
	rule := func(v policy.Kind, name string, conds ...policy.Cond) *policy.RuleMatch {
		numbers := owned(native)
		if call, ok := native.Call(name); ok {
			numbers = []policy.Range{{Low: uint64(call.Nr), High: uint64(call.Nr)}}
		}
		return &policy.RuleMatch{Verdict: policy.Verdict{Kind: v}, Numbers: numbers, Conds: conds}
	}
	some := policy.Cond{Ranges: []policy.Range{{Low: 0, High: 0}}}
	for name, c := range map[string]struct {
		list policy.List
		want bool
	}{
		"default kill":               {policy.List{rule(policy.KillProcess, "*")}, false},
		"default allow":              {policy.List{rule(policy.Allow, "*")}, true},
		"both denied":                {policy.List{rule(policy.Errno, "execve"), rule(policy.Errno, "execveat"), rule(policy.Allow, "*")}, false},
		"execveat left":              {policy.List{rule(policy.Errno, "execve"), rule(policy.Allow, "*")}, true},
		"execveat allowed":           {policy.List{rule(policy.Allow, "execveat"), rule(policy.KillProcess, "*")}, true},
		"execve for some arguments":  {policy.List{rule(policy.Log, "execve", some), rule(policy.KillProcess, "*")}, true},
		"denied for some arguments":  {policy.List{rule(policy.Errno, "execve", some), rule(policy.Allow, "execve"), rule(policy.KillProcess, "*")}, true},
		"allowed after it is denied": {policy.List{rule(policy.Errno, "execve"), rule(policy.Allow, "execve"), rule(policy.KillProcess, "*")}, false},
	} {
		rules := &policy.Rules{Arches: []*policy.ArchRules{{Arch: native, Lists: []policy.List{c.list}}}}
		if got := letsExec(rules); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// What /proc does not show stops the start, loudly.
func TestLookSaysFAILED(t *testing.T) {
	p := &plan{
		steps:  []*step{noNewPrivs()},
		filter: &filterStep{does: []string{"x"}, program: bpf.Program{bpf.Stmt(bpf.RET|bpf.K, 0)}, before: 1},
	}
	for name, c := range map[string]struct {
		status   kernel.Status
		failures int
	}{
		"all there":    {kernel.Status{NoNewPrivs: true, SeccompMode: 2, SeccompFilters: 2}, 0},
		"no filter":    {kernel.Status{NoNewPrivs: true}, 1},
		"no new one":   {kernel.Status{NoNewPrivs: true, SeccompMode: 2, SeccompFilters: 1}, 1},
		"mode 1":       {kernel.Status{NoNewPrivs: true, SeccompMode: 1, SeccompFilters: 2}, 1},
		"nothing":      {kernel.Status{}, 2},
		"old kernel":   {kernel.Status{NoNewPrivs: true, SeccompMode: 2, SeccompFilters: -1}, 0},
		"two too many": {kernel.Status{NoNewPrivs: true, SeccompMode: 2, SeccompFilters: 4}, 1},
	} {
		r := new(Report)
		failures := p.look(r, &c.status, true)
		failed := 0
		for _, l := range r.Layers {
			if l.Status == Failed && strings.Contains(l.Seen, "FAILED") {
				failed++
			}
		}
		if len(failures) != c.failures || failed != c.failures || r.Whole != (c.failures == 0) {
			t.Errorf("%s: %v, %+v", name, failures, r)
		}
	}
}

func TestGaps(t *testing.T) {
	for _, c := range []struct{ keep, want []policy.Range }{
		{nil, []policy.Range{{Low: 0, High: 9}}},
		{[]policy.Range{{Low: 0, High: 2}}, []policy.Range{{Low: 3, High: 9}}},
		{[]policy.Range{{Low: 1, High: 1}, {Low: 5, High: 7}}, []policy.Range{{Low: 0, High: 0}, {Low: 2, High: 4}, {Low: 8, High: 9}}},
		{[]policy.Range{{Low: 0, High: 9}}, nil},
		{[]policy.Range{{Low: 3, High: 1 << 40}}, []policy.Range{{Low: 0, High: 2}}},
		{[]policy.Range{{Low: 1 << 40, High: 1 << 41}}, []policy.Range{{Low: 0, High: 9}}},
	} {
		got := gaps(c.keep, 9)
		if len(got) != len(c.want) {
			t.Errorf("%v: %v", c.keep, got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%v: %v", c.keep, got)
			}
		}
	}
}

// Whatever a file holds, looking for its interpreter ends, and without a panic.
func FuzzFollow(f *testing.F) {
	self, err := os.ReadFile("/bin/true")
	if err == nil {
		f.Add(self[:min(len(self), 4096)])
	}
	for _, s := range []string{"", "#!", "#!/bin/sh", "#! \t/bin/sh -e x\n", "#!\n", "#!" + strings.Repeat("x", 300), "\x7fELF", "#!/proc/self/exe\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, text, 0o755); err != nil {
			t.Fatal(err)
		}
		p := &program{path: path}
		if err := p.follow(); err == nil && (len(p.chain) == 0 || len(p.chain) > maxInterpreters+1) {
			t.Errorf("%v", p.chain)
		}
		if name, _ := scriptInterpreter(path); bytes.ContainsAny([]byte(name), " \t\n\x00") {
			t.Errorf("interpreter %q", name)
		}
	})
}
