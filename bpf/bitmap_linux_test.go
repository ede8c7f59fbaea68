package bpf_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// The bitmap cannot be read, but it can be felt: a call in it takes the same
// time under a filter of any length. So programs begin with thousands of
// instructions that the kernel's rule sees through and the processor cannot
// skip; what was run takes microseconds longer.

// cheap are calls that do next to nothing and always succeed.
var cheap = []uint32{unix.SYS_GETPGID, unix.SYS_GETPPID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID}

// slow puts 4000 dependent instructions in front of p, which leave A at 0.
func slow(p bpf.Program) bpf.Program {
	return append(slices.Repeat(bpf.Program{bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 0xfffffff0)}, 4000), p...)
}

// onCheap lets p decide on the cheap calls and allows the others, as the thread
// needs them.
func onCheap(p bpf.Program) bpf.Program {
	head := bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr)}
	for n, nr := range cheap {
		head = append(head, bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, nr, uint8(len(cheap)-n), 0))
	}
	return slices.Concat(head, allowAll, bpf.Program{bpf.Stmt(bpf.ALU|bpf.AND|bpf.K, 0)}, p)
}

// quickest is the shortest time that the call takes on a thread with the filters.
func quickest(t rapid.TB, nr uint32, tries int, stack ...bpf.Program) time.Duration {
	t.Helper()
	best := time.Duration(1 << 62)
	err := aside(func() error {
		unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		for _, p := range stack {
			if _, errno := install(p, 0); errno != 0 {
				return errno
			}
		}
		for range tries {
			start := time.Now()
			syscall.RawSyscall6(uintptr(nr), 0, 0, 0, 0, 0, 0)
			best = min(best, time.Since(start))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return best
}

// TestKernelBitmap feels which calls are in the kernel's bitmap, and compares
// with ConstantAllow.
func TestKernelBitmap(t *testing.T) {
	if !inChild(t, checks(400)) {
		return
	}
	hit := quickest(t, cheap[0], 100, slow(allowAll))
	miss := quickest(t, cheap[0], 100, slow(bpf.Program{bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffIP), allowAll[0]}))
	t.Logf("a call in the bitmap takes %v, one outside %v", hit, miss)
	if miss < 2*hit {
		t.Skip("this machine does not show the difference")
	}
	arch, _ := where(t)
	in, out := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		nr := rapid.SampledFrom(cheap).Draw(t, "nr")
		stack := bpf.Stack{onCheap(slow(bpftest.ByNumber().Draw(t, "program")))}
		if rapid.IntRange(0, 3).Draw(t, "stacked") == 0 {
			stack = append(stack, onCheap(bpftest.ByNumber().Draw(t, "second")))
		}
		want := stack.ConstantAllow(arch, nr)
		if returnsComputed(stack, arch, nr) {
			t.Skip("would kill")
		}
		took := quickest(t, nr, 10, stack...)
		if felt := took < (hit+miss)/2; felt != want {
			took = min(took, quickest(t, nr, 1000, stack...)) // something else ran meanwhile
			if felt = took < (hit+miss)/2; felt != want {
				t.Fatalf("call %d takes %v, but ConstantAllow is %v of %v", nr, took, want, stack)
			}
		}
		if want {
			in++
		} else {
			out++
		}
	})
	t.Logf("%d calls in the bitmap, %d outside", in, out)
	if in < 50 || out < 50 {
		t.Errorf("%d in, %d out: one side only", in, out)
	}
}

// returnsComputed reports whether the stack gives the call another action than
// those that the test can bear.
func returnsComputed(stack bpf.Stack, arch, nr uint32) bool {
	for _, p := range stack {
		a, _, err := p.Run(&bpf.Data{Nr: nr, Arch: arch})
		if err != nil || a.Kind() != bpf.RetAllow && a.Kind() != bpf.RetErrno {
			return true
		}
	}
	return false
}
