package policy

import (
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
)

// TestNumbers asks for each number near anything that the tables know whether
// it is the architecture's own, and whether it is newer than a release.
func TestNumbers(t *testing.T) {
	edges := []uint64{0x3ffffffe, 0x3fffffff, 0x40000000, 0x40000001, 0x7fffffff, 0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff}
	for _, a := range abi.Arches() {
		numbers := append([]uint64{}, edges...)
		for i := range a.Calls() {
			nr := uint64(a.Calls()[i].Nr)
			numbers = append(numbers, nr, nr+1)
			if nr > 0 {
				numbers = append(numbers, nr-1)
			}
		}
		all := owned(a)
		for _, version := range []abi.Version{{Major: 2, Minor: 6}, {Major: 5, Minor: 3}, {Major: 6, Minor: 12}, abi.Current(), {Major: 7, Minor: 0}} {
			newer := newerThan(a, version)
			if !apartFrom(newer) || !covers(all, newer) {
				t.Fatalf("%s: newer than %v: %v", a, version, newer)
			}
			for _, n := range numbers {
				nr := uint32(n)
				if contains(all, n) != a.Owns(nr) {
					t.Errorf("%s owns %#x: %v", a, nr, !a.Owns(nr))
				}
				call, known := a.Number(nr)
				want := a.Owns(nr) && (known && version.Before(call.Since) || a.Beyond(nr))
				if got := contains(newer, n); got != want {
					t.Errorf("%s: %#x is newer than %v: got %v", a, nr, version, got)
				}
			}
		}
	}
}

// TestNumbersOfX86 says for one architecture in plain numbers what belongs to whom.
func TestNumbersOfX86(t *testing.T) {
	p, err := Load("t", []byte(`arch x86_64 else kill-process default errno EPERM newer errno ENOSYS than linux 6.12`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for nr, want := range map[uint32]string{
		0: "errno EPERM", 350: "errno EPERM", // a gap inside the table
		463: "errno ENOSYS", 466: "errno ENOSYS", // setxattrat and removexattrat, 6.13
		462:  "errno EPERM",                              // mseal, 6.10
		1007: "errno ENOSYS", 0x3fffffff: "errno ENOSYS", // beyond the table
		0x40000000: "kill-process", 0x40000001: "kill-process", 0xffffffff: "kill-process", // x32's
		0x80000000: "errno ENOSYS",
	} {
		d := dataOf(p.Arches[0], nr)
		if v, _ := p.Phases[0].Own.Evaluate(&d); v.String() != want {
			t.Errorf("%#x: got %v, want %s", nr, v, want)
		}
	}
}
