package seccomp_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/asm"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/seccomp"
)

// The comparisons as enum scmp_compare numbers them.
var scmpOps = []seccomp.Op{1: seccomp.NotEqual, 2: seccomp.Less, 3: seccomp.LessEqual, 4: seccomp.Equal, 5: seccomp.GreaterEqual, 6: seccomp.Greater}

const scmpMasked = 7

// Rules on registers mean what libseccomp makes of them: the same filter,
// built by both, proved equal.
func TestRegistersAreLibseccomps(t *testing.T) {
	maker := filepath.Join(t.TempDir(), "maker")
	if out, err := exec.Command("cc", "-o", maker, "../internal/verify/testdata/libseccomp.c", "-lseccomp").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("cc: %v\n%s", err, out)
		}
		t.Skipf("missing a C compiler or libseccomp's headers: %v", err)
	}
	x86, _ := abi.ByName("x86_64")
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		// libseccomp kills the thread for calls of x32, whatever it is asked for.
		b := seccomp.New(seccomp.KillThread()).Arch("x86_64").Else(seccomp.KillThread())
		text := fmt.Sprintf("filter %d 0 %d\n", x86.Audit, seed%2)
		for _, name := range []string{"read", "write", "socket", "kill", "ioctl", "openat", "mmap", "clone", "madvise"} {
			line, where := randomRule(r)
			text += fmt.Sprintf("rule %d %s %d%s\n", uint32(bpf.RetAllow), name, len(where), line)
			b.Add(seccomp.Allow(), name, where...)
		}
		// Which restart_syscall is let through is narrow's own.
		text += fmt.Sprintf("rule %d restart_syscall 0\n", uint32(bpf.RetAllow))
		cmd := exec.Command(maker)
		cmd.Stdin = bytes.NewBufferString(text)
		raw, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		theirs, err := asm.Read(asm.Raw, "libseccomp", raw)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := b.Program()
		if err != nil {
			t.Fatal(err)
		}
		v := verify.New(verify.Limits{})
		left, err1 := v.Program(ours)
		right, err2 := v.Program(theirs)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if result, err := v.Equal(left, right); err != nil || result.Answer != verify.Yes {
			t.Fatalf("%v %v %s %+v\n%s", err, result.Answer, result.Reason, result.Witness, text)
		}
	}
}

// randomRule is conditions on registers, each once, for both.
func randomRule(r *rand.Rand) (line string, where []seccomp.Condition) {
	values := []uint64{0, 1, 2, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1, r.Uint64(), r.Uint64N(1 << 32)}
	value := func() uint64 { return values[r.IntN(len(values))] }
	for place := range 6 {
		if r.IntN(3) > 0 {
			continue
		}
		op := 1 + r.IntN(7)
		if op == scmpMasked {
			mask := value() | 1
			v := value() & mask
			line += fmt.Sprintf(" %d %d %d %d", place, op, mask, v)
			where = append(where, seccomp.MaskedRegister(place, mask, v))
			continue
		}
		v := 1 + r.Uint64N(1<<63) + r.Uint64N(2)<<62 // comparisons with the ends are always, or never, true
		line += fmt.Sprintf(" %d %d %d 0", place, op, v)
		where = append(where, seccomp.Register(place, scmpOps[op], v))
	}
	return line, where
}
