package policy

import (
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
)

// TestKindsRankAsTheKernels holds our order against the actions' own.
func TestKindsRankAsTheKernels(t *testing.T) {
	for k := range kindNames {
		for l := range kindNames {
			v, w := Verdict{Kind: Kind(k)}, Verdict{Kind: Kind(l)}
			if v.Stricter(w) != v.Action().Stricter(w.Action()) || v.Stricter(w) != (v.Kind.Rank() > w.Kind.Rank()) {
				t.Errorf("%v and %v", v, w)
			}
		}
	}
	if !Notify.Runs() || !Trace.Runs() || !Log.Runs() || !Allow.Runs() || Errno.Runs() {
		t.Error("Runs")
	}
}

func TestVerdictOf(t *testing.T) {
	for action, want := range map[bpf.Action]string{
		0x80000000: "kill-process", 0x80000007: "kill-process", 0x12340000: "kill-process", 0: "kill-thread", 5: "kill-thread",
		0x30000: "trap", 0x30007: "trap 7", 0x50001: "errno EPERM", 0x5ffff: "errno 4095", 0x50000: "errno 0",
		0x7fc00001: "notify", 0x7ff00000: "trace", 0x7ff00002: "trace 2", 0x7ffc0009: "log", 0x7fff0001: "allow",
	} {
		v := VerdictOf(action)
		if v.String() != want {
			t.Errorf("%v: got %v, want %s", action, v, want)
		}
		if v.Action().Effect() != action.Effect() {
			t.Errorf("%v is %v, which returns %v", action, v, v.Action())
		}
	}
	if got := (Verdict{Kind: 77}).Action(); got != bpf.RetKillProcess {
		t.Errorf("an unknown kind returns %v", got)
	}
}

// TestErrnoNames compares with the constants of every architecture.
func TestErrnoNames(t *testing.T) {
	for _, a := range abi.Arches() {
		for _, name := range errnoNames[1:] {
			if name == "" {
				continue
			}
			v, ok := a.Constant(name)
			if !ok {
				t.Errorf("%s lacks %s", a, name)
				continue
			}
			back, _ := a.Constant(errnoName(a, uint16(v)))
			if back != v {
				t.Errorf("%s: %s is %d, printed as %s", a, name, v, errnoName(a, uint16(v)))
			}
			if a.Name == "x86_64" && errnoNames[v] != name {
				t.Errorf("%s is %d", name, v)
			}
		}
	}
	mips, _ := abi.ByName("mips")
	if got := (Verdict{Errno, 89}).Format(mips); got != "errno ENOSYS" {
		t.Errorf("got %s", got)
	}
	if got := (Verdict{Errno, 38}).String(); got != "errno ENOSYS" {
		t.Errorf("got %s", got)
	}
	if got := (Verdict{Errno, 4000}).String(); got != "errno 4000" {
		t.Errorf("got %s", got)
	}
}

// TestStrictest compares with the kernel's rule for a stack of filters.
func TestStrictest(t *testing.T) {
	for _, test := range []struct {
		stack []Verdict
		want  Verdict
	}{
		{nil, Verdict{Kind: Allow}},
		{[]Verdict{{Errno, 1}, {Errno, 2}}, Verdict{Errno, 2}}, // ties to the newest
		{[]Verdict{{Kind: Allow}, {Trap, 3}, {Errno, 2}}, Verdict{Trap, 3}},
		{[]Verdict{{Kind: KillThread}, {}, {Kind: Log}}, Verdict{}},
	} {
		if got := Strictest(test.stack...); got != test.want {
			t.Errorf("%v: got %v, want %v", test.stack, got, test.want)
		}
	}
}
