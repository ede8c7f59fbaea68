package main

import (
	"strings"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
)

// TestPolicies holds that the policies have as many rules as they say, that the
// measured calls get their verdicts, and that the one which should be let
// through by the kernel's bitmap is.
func TestPolicies(t *testing.T) {
	for _, n := range []int{10, 100, 400} {
		text := policyOf(n)
		if got := strings.Count(text, "\nallow "); got != n {
			t.Errorf("%d rules, want %d:\n%s", got, n, text)
		}
		_, program, err := compiled("test", []byte(text))
		if err != nil {
			t.Errorf("%d rules: %v", n, err)
			continue
		}
		vm, err := bpf.NewVM(program)
		if err != nil {
			t.Fatal(err)
		}
		for call, want := range map[string]bpf.Action{
			"getppid": bpf.RetAllow, "getpgid(pid == 0)": bpf.RetAllow,
			"getpgid(pid == 1)": bpf.RetErrno | 1, withoutRule: bpf.RetErrno | 1,
		} {
			d, err := callOf(call)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := vm.Run(&d); bpf.Action(got) != want {
				t.Errorf("%d rules: %s gets %#x, want %#x", n, call, got, want)
			}
			if got, want := program.ConstantAllow(d.Arch, d.Nr), call == "getppid"; got != want {
				t.Errorf("%d rules: %s in the bitmap is %v, want %v", n, call, got, want)
			}
		}
	}
}
