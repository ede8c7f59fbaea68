package explain_test

import (
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/explain"
	"github.com/narrow-sandbox/narrow/policy"
)

func load(t *testing.T, text string) *policy.Policy {
	t.Helper()
	f, err := policy.Parse("p.narrow", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Resolve(f, policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func call(t *testing.T, name string, args ...uint64) *bpf.Data {
	t.Helper()
	arch, _ := abi.ByName("x86_64")
	c, ok := arch.Call(name)
	if !ok {
		t.Fatal(name)
	}
	d := &bpf.Data{Arch: arch.Audit, Nr: c.Nr}
	copy(d.Args[:], args)
	return d
}

const staircase = `language 1
policy p
arch x86_64
default kill-process
phase a { allow read write socket(family == AF_UNIX) errno EPERM getpid }
phase b { allow read errno EACCES write }
`

// The strictest of the stack decides, and of equals the newest.
func TestDecide(t *testing.T) {
	p := load(t, staircase)
	stack := []*policy.Rules{p.Phases[0].Own, p.Phases[1].Own}
	for _, c := range []struct {
		call, verdict, place, also string
	}{
		{"read", "allow", "p.narrow:6:17", ""},
		{"write", "errno EACCES", "p.narrow:6:35", ""},
		{"getpid", "kill-process", "p.narrow:4:1", "phase a denies it, too: errno EPERM getpid     p.narrow:5:66"},
		{"execve", "kill-process", "p.narrow:4:1", "phase a denies it, too: kill-process *     p.narrow:4:1"},
	} {
		got := explain.Decide(stack, call(t, c.call))
		if got.Verdict.String() != c.verdict || got.Rule == nil || got.Rule.Pos.String() != c.place {
			t.Errorf("%s: got %v by %+v, want %s at %s", c.call, got.Verdict, got.Rule, c.verdict, c.place)
		}
		var also []string
		for _, rules := range got.Also {
			also = append(also, explain.Also(p, rules, call(t, c.call)))
		}
		if strings.Join(also, "\n") != c.also {
			t.Errorf("%s: got %q, want %q", c.call, also, c.also)
		}
	}
	if got := explain.Decide(nil, call(t, "read")); got.Verdict.Kind != policy.Allow || got.Rule != nil || got.Also != nil {
		t.Errorf("no filter: got %+v", got)
	}
	other := &bpf.Data{Arch: 1}
	if got := explain.Decide(stack, other); got.Rule != nil || len(got.Also) != 1 || explain.Also(p, got.Also[0], other) != "phase a denies it, too: kill-process" {
		t.Errorf("another ABI: got %+v", got)
	}
}

// A rule at the top is edited once for all phases.
func TestDecideByTheTop(t *testing.T) {
	p := load(t, "language 1 policy p arch x86_64 default allow\nkill-process fork\nphase a { errno EPERM ptrace }\nphase b { errno EPERM ptrace execve }\n")
	got := explain.Decide([]*policy.Rules{p.Phases[0].Own, p.Phases[1].Own}, call(t, "fork"))
	if got.Rule == nil || got.Rule.Text != "fork" || got.Also != nil {
		t.Errorf("got %+v", got)
	}
}

// What is to be written before a rule goes before all of it, not between the
// calls that it names, which would get the verdict of what is written.
func TestAllowingOneOfMany(t *testing.T) {
	p := load(t, "language 1 policy p arch x86_64 default allow\nkill-process execve fork vfork\n")
	d := call(t, "fork")
	_, rule := p.Phases[0].Own.Evaluate(d)
	where, change := explain.Allowing(rule, "allow fork")
	if where != "to allow it, write before p.narrow:2:1:" || change != "allow fork" {
		t.Errorf("got %q, %q", where, change)
	}
	edited := load(t, "language 1 policy p arch x86_64 default allow\nallow fork kill-process execve fork vfork\n")
	for name, want := range map[string]policy.Kind{"fork": policy.Allow, "execve": policy.KillProcess, "vfork": policy.KillProcess} {
		if v, _ := edited.Phases[0].Own.Evaluate(call(t, name)); v.Kind != want {
			t.Errorf("%s: got %v, want %v", name, v, want)
		}
	}
}

func TestSuggest(t *testing.T) {
	arch, _ := abi.ByName("x86_64")
	for _, c := range []struct {
		want string
		call *bpf.Data
	}{
		{"allow socket(family == AF_INET)", call(t, "socket", 2, 1, 6)},
		{"allow openat(flags == O_RDONLY|O_CLOEXEC)", call(t, "openat", 0xffffff9c, 0x1000, 0x80000)},
		{"allow write", call(t, "write", 3, 0x1000, 0x7f)},
		{"allow mprotect(prot == PROT_READ|PROT_EXEC)", call(t, "mprotect", 0x1000, 4096, 5)},
		{"allow getppid", call(t, "getppid")},
		{"allow execve", call(t, "execve", 0x1000, 0x2000, 0x3000)},
	} {
		got, ok := explain.Suggest(arch, c.call)
		if !ok || got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got, ok := explain.Suggest(arch, &bpf.Data{Arch: arch.Audit, Nr: 1007}); ok {
		t.Errorf("a call without a name: got %q", got)
	}
}

// What is suggested does allow the call.
func TestSuggestionAllows(t *testing.T) {
	arch, _ := abi.ByName("x86_64")
	for _, c := range arch.Calls() {
		d := &bpf.Data{Arch: arch.Audit, Nr: c.Nr, Args: [6]uint64{2, 0x1000, 3, 1, 0, 0}}
		rule, ok := explain.Suggest(arch, d)
		if !ok {
			t.Fatal(c.Name)
		}
		p := load(t, "language 1 policy p arch x86_64 default kill-process "+rule+" allow exit_group")
		if v, _ := p.Phases[0].Own.Evaluate(d); v.Kind != policy.Allow {
			t.Errorf("%s: %s does not allow %s", c.Name, rule, policy.Describe(arch, *d))
		}
	}
}
