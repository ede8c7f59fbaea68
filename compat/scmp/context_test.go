package scmp_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/compat/scmp"
)

func newContext(t *testing.T, k *scmp.Kernel, action scmp.Action) *scmp.Context {
	t.Helper()
	c, err := scmp.New(k, action)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// verdict is what the context's program does with a call of the native
// architecture.
func verdict(t *testing.T, c *scmp.Context, name string, args ...uint64) bpf.Action {
	t.Helper()
	p, err := c.Prove()
	if err != nil {
		t.Fatal(err)
	}
	nr, ok := scmp.ResolveName(scmp.Native, name)
	if !ok {
		t.Fatalf("no call %s", name)
	}
	d := bpf.Data{Arch: uint32(scmp.NativeToken()), Nr: uint32(nr)}
	copy(d.Args[:], args)
	action, _, err := p.Run(&d)
	if err != nil {
		t.Fatal(err)
	}
	return action
}

func number(t *testing.T, name string) int32 {
	t.Helper()
	nr, ok := scmp.ResolveName(scmp.Native, name)
	if !ok {
		t.Fatalf("no call %s", name)
	}
	return nr
}

func TestTransactions(t *testing.T) {
	c := newContext(t, new(scmp.Kernel), scmp.Allow)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(c.Begin())
	must(c.AddRule(scmp.Errno|1, number(t, "getpid")))
	must(c.Begin())
	must(c.AddRule(scmp.Errno|2, number(t, "getppid")))
	if got := verdict(t, c, "getppid"); got != bpf.RetErrno|2 {
		t.Errorf("before Reject: getppid %v", got)
	}
	c.Reject()
	if got := verdict(t, c, "getppid"); got != bpf.RetAllow {
		t.Errorf("after Reject: getppid %v", got)
	}
	must(c.Commit())
	c.Reject() // nothing is left to take back
	if got := verdict(t, c, "getpid"); got != bpf.RetErrno|1 {
		t.Errorf("after Commit: getpid %v", got)
	}
}

func TestFailedRuleChangesNothing(t *testing.T) {
	c := newContext(t, new(scmp.Kernel), scmp.Allow)
	write := number(t, "write")
	if err := c.AddRule(scmp.Errno|1, write, scmp.Comparison{Arg: 0, Op: scmp.EQ, A: 5}); err != nil {
		t.Fatal(err)
	}
	err := c.AddRule(scmp.Errno|2, write, scmp.Comparison{Arg: 0, Op: scmp.EQ, A: 5})
	if !errors.Is(err, syscall.EEXIST) {
		t.Errorf("a rule that contradicts another: %v", err)
	}
	if got := verdict(t, c, "write", 5); got != bpf.RetErrno|1 {
		t.Errorf("write(5): %v", got)
	}
}

func TestErrnos(t *testing.T) {
	level1 := new(scmp.Kernel)
	if err := level1.SetLevel(1); err != nil {
		t.Fatal(err)
	}
	if err := level1.SetLevel(9); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("SetLevel(9): %v", err)
	}
	all := new(scmp.Kernel)
	if err := all.SetLevel(scmp.MaxLevel); err != nil {
		t.Fatal(err)
	}
	c := newContext(t, all, scmp.Allow)
	empty := newContext(t, all, scmp.Allow)
	if err := empty.RemoveArch(scmp.Native); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		what string
		err  error
		want error
	}{
		{"the default action", c.AddRule(scmp.Allow, 1), syscall.EACCES},
		{"two conditions on one argument", c.AddRule(scmp.Trap, 1, scmp.Comparison{Op: scmp.EQ}, scmp.Comparison{Op: scmp.EQ}), syscall.EINVAL},
		{"argument 6", c.AddRule(scmp.Trap, 1, scmp.Comparison{Arg: 6, Op: scmp.EQ}), syscall.EINVAL},
		{"no comparison", c.AddRule(scmp.Trap, 1, scmp.Comparison{}), syscall.EINVAL},
		{"call -1", c.AddRule(scmp.Trap, -1), syscall.EINVAL},
		{"errno 4095", c.AddRule(scmp.Errno|4095, 1), syscall.EINVAL},
		{"trap with data", c.AddRule(scmp.Trap|1, 1), syscall.EINVAL},
		{"a big-endian architecture", c.AddArch(scmp.S390X), syscall.EDOM},
		{"an architecture twice", c.AddArch(scmp.Native), syscall.EEXIST},
		{"no architecture", c.AddArch(12345), syscall.EINVAL},
		{"one that is not there", c.RemoveArch(scmp.ARM), syscall.EEXIST},
		{"the default action is read only", c.SetAttr(scmp.DefaultAction, uint32(scmp.Trap)), syscall.EACCES},
		{"optimize 3", c.SetAttr(scmp.Optimize, 3), syscall.EOPNOTSUPP},
		{"attribute 99", c.SetAttr(99, 1), syscall.EINVAL},
		{"a context without architectures", empty.AddRule(scmp.Trap, 1), syscall.EINVAL},
		{"log at API level 1", newContext(t, level1, scmp.Allow).SetAttr(scmp.LogDenials, 1), syscall.EOPNOTSUPP},
		{"action log at API level 1", newContext(t, level1, scmp.Allow).AddRule(scmp.Log, 1), syscall.EINVAL},
		{"merging with itself", c.Merge(c), syscall.EINVAL},
		{"merging the same architecture", c.Merge(newContext(t, all, scmp.Allow)), syscall.EEXIST},
		{"merging another default", c.Merge(newContext(t, all, scmp.Trap)), syscall.EINVAL},
	}
	for _, tt := range tests {
		if !errors.Is(tt.err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.what, tt.err, tt.want)
		}
	}
}

// TestLint: close's fd has 32 bits, so that comparing 64 of them lets -1 as an
// int pass by a rule for 0xffffffff.
func TestLint(t *testing.T) {
	c := newContext(t, new(scmp.Kernel), scmp.Allow)
	if err := c.AddRule(scmp.Errno|1, number(t, "close"), scmp.Comparison{Op: scmp.EQ, A: 7}); err != nil {
		t.Fatal(err)
	}
	if err := c.AddRule(scmp.Errno|1, number(t, "dup"), scmp.Comparison{Op: scmp.MaskedEQ, A: 0xffffffff, B: 7}); err != nil {
		t.Fatal(err)
	}
	if got := verdict(t, c, "close", 1<<32|7); got != bpf.RetAllow {
		t.Errorf("close(1<<32|7): %v; libseccomp compares 64 bits", got)
	}
	found := strings.Join(c.Lint(), "\n")
	if !strings.Contains(found, "close: argument 0 (fd)") || strings.Contains(found, "dup") {
		t.Errorf("lint: %q", found)
	}
}

// TestPriorities: the pseudo code has the order of the priorities.
func TestPriorities(t *testing.T) {
	s := new(script)
	s.add("init %d", scmp.KillProcess)
	s.add("priority 39 200") // before there is a rule
	for nr := range 60 {
		s.add("rule %d %d 0", scmp.Allow, nr)
	}
	s.add("priority 1 100")
	s.add("priority 1 50") // never lowers
	want, text := runC(t, "pfc", s)
	got, c := carryOut(t, s)
	if got != want {
		t.Errorf("results: got %s want %s", got, want)
	}
	var b strings.Builder
	if err := c.ExportPFC(&b); err != nil {
		t.Fatal(err)
	}
	if b.String() != string(text) {
		t.Errorf("pseudo code: got\n%s\nwant\n%s", b.String(), text)
	}
}

// FuzzContext carries out any sequence of calls, on any architecture: what comes
// out is admitted by the kernel and proved to be the rules.
func FuzzContext(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint8(4))
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint8) {
		r := rand.New(rand.NewPCG(seed, 2))
		k := new(scmp.Kernel)
		if err := k.SetLevel(1 + r.UintN(scmp.MaxLevel)); err != nil {
			t.Fatal(err)
		}
		c, err := scmp.New(k, pick(r, actions...))
		if err != nil {
			return
		}
		other := newContext(t, k, scmp.Allow)
		for range n % 24 {
			anything(r, c, other)
		}
		p, err := c.Prove()
		if err != nil {
			if len(p) == 0 && errors.Is(err, syscall.EINVAL) {
				return // no architecture is left
			}
			t.Fatal(err)
		}
		if err := p.Check(); err != nil {
			t.Error(err)
		}
		if err := c.ExportPFC(new(strings.Builder)); err != nil {
			t.Error(err)
		}
	})
}

// anything makes one call; its error does not matter.
func anything(r *rand.Rand, c, other *scmp.Context) {
	switch r.IntN(10) {
	case 0:
		_ = c.AddArch(pick(r, tokens...))
	case 1:
		_ = c.RemoveArch(pick(r, tokens...))
	case 2:
		_ = c.SetAttr(scmp.Attribute(r.IntN(12)), r.Uint32())
	case 3:
		_ = c.SetPriority(int32(r.IntN(800)-300), uint8(r.UintN(256)))
	case 4:
		pick(r, func() { _ = c.Begin() }, c.Reject, func() { _ = c.Commit() }, func() { _ = c.Merge(other) })()
	default:
		all := make([]scmp.Comparison, r.IntN(5))
		for i := range all {
			all[i] = scmp.Comparison{Arg: uint(i), Op: scmp.CompareOp(1 + r.IntN(7)), A: pick(r, values...), B: pick(r, values...)}
		}
		_ = c.AddRule(pick(r, actions...), pick(r, 1, 41, 42, 64, -101, -201, int32(r.IntN(460))), all...)
	}
}
