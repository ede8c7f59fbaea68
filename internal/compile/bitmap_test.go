package compile

import (
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/policy"
	"pgregory.net/rapid"
)

// TestConstantAllow holds that a call which is allowed by rules without
// conditions needs no run of the program: the kernel finds it constant.
func TestConstantAllow(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		r := rulesGen(6).Draw(t, "rules")
		p := compiled(t, r)
		numbers, _ := edges(r)
		for _, a := range r.Arches {
			for _, nr := range numbers {
				if !a.Arch.Owns(uint32(nr)) || !surelyAllowed(a, nr) {
					continue
				}
				found++
				if !p.ConstantAllow(a.Arch.Audit, uint32(nr)) {
					t.Fatalf("%s %#x is not constant:\n%s", a.Arch, nr, dump(r))
				}
			}
		}
	})
	if found == 0 {
		t.Error("no call was allowed")
	}
}

// surelyAllowed reports whether some list allows a number before any of its
// rules asks for arguments.
func surelyAllowed(a *policy.ArchRules, nr uint64) bool {
	for _, list := range a.Lists {
		for _, rule := range list {
			if !within(nr, rule.Numbers) {
				continue
			}
			if rule.Verdict.Kind == policy.Allow && len(rule.Conds) == 0 {
				return true
			}
			break
		}
	}
	return false
}

// TestConstantDocker counts the bitmap of a large profile.
func TestConstantDocker(t *testing.T) {
	r := dockerRules(t, 32)
	p := compiled(t, r)
	vm := machine(t, p)
	for nr := range uint32(471) {
		d := bpf.Data{Nr: nr, Arch: r.Arches[0].Arch.Audit}
		value, _ := vm.Run(&d)
		constant := bpf.Action(value) == bpf.RetAllow && nr != 41 && nr != 56 && nr != 135
		if got := p.ConstantAllow(d.Arch, nr); got != constant {
			t.Errorf("%d: constant %v, want %v", nr, got, constant)
		}
	}
}
