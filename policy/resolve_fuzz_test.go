package policy

import (
	"os"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// FuzzLoad gives any text to Load: it must neither panic nor hang, and what it
// takes must be rules as rules.go describes them.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"testdata/resolve/example.narrow", "../profiles/memcached.narrow", "../profiles/demo.narrow"} {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, s := range ShippedSets() {
		f.Add("arch x86_64, s390x default allow\n" + s.Text + "\nerrno 1 " + s.Name)
	}
	for _, text := range []string{
		"arch x86_64 default allow set @a { @b @b } set @b { @a } allow @a",
		"arch i386, arm default errno EPERM log pread64(pos in {-1..7, 9}) ftruncate64(length >= 0x100000000)",
		"default allow phase a { strict } phase b { thread x { strict } }",
		"arch mips, x32 default errno ENOSYS files { read / } network { unix } allow fchmod(fd == 3) include \"x\"",
	} {
		f.Add(text)
	}
	include := func(path string) ([]byte, error) { return []byte("set @inc { read } allow @inc include \"y\""), nil }
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			t.Skip("long")
		}
		p, err := Load("fuzz", []byte(text), Options{Include: include})
		if (p == nil) == (err == nil) {
			t.Fatalf("policy %v, error %v", p, err)
		}
		if err != nil {
			_ = err.Error()
			return
		}
		for _, ph := range p.Phases {
			checkRules(t, p, ph.Wide())
			ph.Unfiltered()
			ph.AllowsNothing()
		}
	})
}

// checkRules holds what rules.go promises.
func checkRules(t *testing.T, p *Policy, r *Rules) {
	t.Helper()
	if len(r.Arches) != len(p.Arches) {
		t.Fatalf("rules for %d of %d architectures", len(r.Arches), len(p.Arches))
	}
	for _, a := range r.Arches {
		all := owned(a.Arch)
		for _, l := range a.Lists {
			last := l[len(l)-1]
			if len(last.Conds) != 0 || !covers(last.Numbers, all) {
				t.Fatalf("the last rule is %s", dumpMatch(last))
			}
			for _, m := range l {
				checkMatch(t, m, all)
			}
		}
	}
	seen := 0
	for d := range r.Probes(200) {
		seen++
		r.Evaluate(&d)
		if arch, ok := abi.ByAudit(d.Arch, d.Nr); ok {
			Describe(arch, d)
		}
	}
	if seen == 0 || seen > 200 {
		t.Fatalf("%d probes", seen)
	}
}

func checkMatch(t *testing.T, m *RuleMatch, all []Range) {
	t.Helper()
	if len(m.Numbers) == 0 || !covers(all, m.Numbers) || !apartFrom(m.Numbers) {
		t.Fatalf("numbers of %s", dumpMatch(m))
	}
	for _, c := range m.Conds {
		full := ^uint64(0) >> (64 - c.Operand.Bits)
		if len(c.Ranges) == 0 || !apartFrom(c.Ranges) || c.Mask&^full != 0 || c.Ranges[len(c.Ranges)-1].High > full {
			t.Fatalf("condition %s", dumpCond(c))
		}
	}
	if VerdictOf(m.Verdict.Action()) != m.Verdict {
		t.Fatalf("verdict %v", m.Verdict)
	}
}

// apartFrom reports whether ranges ascend and are disjoint and not adjacent.
func apartFrom(ranges []Range) bool {
	for i, r := range ranges {
		if r.Low > r.High || i > 0 && (ranges[i-1].High >= r.Low || ranges[i-1].High+1 == r.Low) {
			return false
		}
	}
	return true
}

// FuzzPattern gives any call in the notation to what makes it concrete: an
// example must fit the pattern, and what describes it must read back.
func FuzzPattern(f *testing.F) {
	for _, text := range []string{
		"read", "write(fd in {1, 2..7}, count > 0)", "@startup", "*", "syscall_0x3ef(arg3 has 6)", "openat(dfd == AT_FDCWD, flags & O_ACCMODE != 0)",
		"pread64(pos not in {-1, 5..9})", "mmap(addr == NULL, prot only PROT_READ)", "prctl(option == PR_SET_MM, arg2 > 3)", "setsockopt(level == SOL_TCP, optname == TCP_ULP)",
	} {
		f.Add(text, uint8(0))
		f.Add(text, uint8(2))
	}
	arches := abi.Arches()
	f.Fuzz(func(t *testing.T, text string, index uint8) {
		e, err := ParseCall(text)
		if err != nil {
			return
		}
		a := arches[int(index)%len(arches)]
		p, err := ResolvePattern([]*abi.Arch{a}, e)
		if err != nil {
			return
		}
		d, ok := p.Example(a)
		if !ok {
			return
		}
		if !p.Fits(&d) {
			t.Fatalf("%s: %x does not fit", text, d)
		}
		described := Describe(a, d)
		back, err := ParseCall(described)
		if err != nil {
			t.Fatalf("%s: %s: %v", text, described, err)
		}
		q, err := ResolvePattern([]*abi.Arch{a}, back)
		if err != nil {
			t.Fatalf("%s: %s: %v", text, described, err)
		}
		if !q.Fits(&d) {
			t.Fatalf("%s: %x does not fit %s", text, d, described)
		}
	})
}
