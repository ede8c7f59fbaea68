package scmp_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"

	"github.com/narrow-sandbox/narrow/compat/scmp"
)

// code is what the C function returns.
func code(err error) int {
	if err == nil {
		return 0
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		panic(err)
	}
	return -int(errno)
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

var (
	actions = []scmp.Action{scmp.Allow, scmp.Errno | 1, scmp.Errno | 2, scmp.Trap, scmp.KillThread, scmp.KillProcess, scmp.Log, scmp.Trace | 7}

	littleEndian = []scmp.Token{scmp.X86, scmp.X32, scmp.AARCH64, scmp.ARM, scmp.MIPSEL, scmp.MIPSEL64, scmp.MIPSEL64N32, scmp.PPC64LE, scmp.RISCV64}

	values = []uint64{0, 1, 2, 3, 5, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 1, 2<<32 + 1, 1<<63 + 1, 1<<64 - 1}
)

// randomScript is a context of few calls with many rules. Rules with NE, LT or
// LE have one action in all of it: before 2.6.1 the C library gives of two that
// differ one to the wrong side, and since then it loses nodes of some.
func randomScript(r *rand.Rand) *script {
	s := new(script)
	s.add("init %d", pick(r, actions...))
	arches := r.IntN(3)
	for range arches {
		s.add("arch %d", pick(r, littleEndian...))
	}
	if r.IntN(4) == 0 {
		s.add("badarch %d", pick(r, actions...))
	}
	if arches > 0 && r.IntN(4) == 0 {
		s.add("noarch %d", scmp.X86_64)
	}
	s.add("optimize 2") // pseudo code in the order of the numbers
	numbers := []int32{0, 1, 41, 42, 64, 157, 202, -101, -201, -10001, int32(r.IntN(460))}
	numbers = numbers[r.IntN(5) : 6+r.IntN(5)]
	actions, ops := actions[r.IntN(5):], 7
	if r.IntN(2) == 0 {
		actions = actions[:1]
	} else {
		ops = 4
	}
	for range 1 + r.IntN(8) {
		verb := "rule"
		if r.IntN(8) == 0 {
			verb = "exact"
		}
		s.add("%s %d %d %s", verb, pick(r, actions...), pick(r, numbers...), comparisons(r, ops))
	}
	return s
}

// comparisons are those of one rule, on few arguments and values, by the first
// of the operators.
func comparisons(r *rand.Rand, ops int) string {
	operators := []scmp.CompareOp{scmp.EQ, scmp.GE, scmp.GT, scmp.MaskedEQ, scmp.NE, scmp.LT, scmp.LE}[:ops]
	n := r.IntN(4)
	text := ""
	for i := range n {
		arg := i
		if r.IntN(8) == 0 {
			arg = r.IntN(7)
		}
		text += fmt.Sprintf(" %d %d %d %d", arg, pick(r, operators...), pick(r, values...), pick(r, values...))
	}
	return fmt.Sprintf("%d%s", n, text)
}
