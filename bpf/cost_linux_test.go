package bpf_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/bpf/bpftest"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// TestKernelCost measures what random programs cost in the kernel's budget. The
// thread that probes carries filters which leave room for little more than one
// program. A program is then filled up with instructions of a known cost until
// it just fits by our count: the kernel must take it, and refuse it with one
// instruction more.
func TestKernelCost(t *testing.T) {
	if !inChild(t, checks(1000)) {
		return
	}
	const room = 1200
	kernel := newProber(t)
	var stack bpf.Stack
	for rest := bpf.Budget - room; rest > 0; {
		p := straight(min(rest-bpf.FilterPenalty, 4000))
		if _, errno := install(p, 0); errno != 0 {
			t.Fatalf("install filter %d: %v", len(stack), errno)
		}
		stack = append(stack, p)
		rest -= p.Cost() + bpf.FilterPenalty
	}
	below := stack.Cost() + bpf.FilterPenalty
	t.Logf("%d filters leave room for %d", len(stack), bpf.Budget-below)

	rapid.Check(t, func(t *rapid.T) {
		p := bpftest.ValidUpTo(300).Draw(t, "program")
		fill := bpf.Budget - below - p.Cost()
		if fill < 0 {
			t.Skip("costs more than there is room for")
		}
		fits := append(nothing(fill), p...)
		if err := kernel.ask(fits); err != nil {
			t.Fatalf("cost %d fits by our count, but the kernel says %v to %v", p.Cost(), err, p)
		}
		if err := append(slices.Clone(stack), fits).Check(); err != nil {
			t.Fatalf("Stack.Check refuses what the kernel takes: %v", err)
		}
		over := append(nothing(fill+1), p...)
		if err := kernel.ask(over); err != unix.ENOMEM {
			t.Fatalf("cost %d is one too many by our count, but the kernel says %v to %v", p.Cost(), err, p)
		}
		if err := append(slices.Clone(stack), over).Check(); !errors.Is(err, bpf.ErrBudget) {
			t.Fatalf("Stack.Check says %v to what the kernel finds too long", err)
		}
	})
}

// nothing is n instructions that cost 1 each and do nothing.
func nothing(n int) bpf.Program {
	return slices.Repeat(bpf.Program{bpf.Stmt(bpf.ALU|bpf.ADD|bpf.K, 0)}, n)
}

// straight is a program of that cost, at least 5, that allows everything: 3 for
// the prologue and 2 for the return.
func straight(cost int) bpf.Program { return append(nothing(cost-5), allowAll...) }

// TestKernelStack stacks filters of one size until the kernel has enough, and
// compares how many it took with Stack.Check.
func TestKernelStack(t *testing.T) {
	if !inChild(t) {
		return
	}
	for _, size := range []int{1, 2, 100, 1000, 4096} {
		p := append(nothing(size-1), allowAll...)
		err := aside(func() error {
			unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
			return stackUp(p)
		})
		if err != nil {
			t.Errorf("filters of %d instructions: %v", size, err)
		}
	}
}

// stackUp installs p until there is no more room for it.
func stackUp(p bpf.Program) error {
	var stack bpf.Stack
	for {
		stack = append(stack, p)
		want := stack.Check()
		_, errno := install(p, 0)
		switch {
		case errno == 0 && want == nil:
		case errno == unix.ENOMEM && errors.Is(want, bpf.ErrBudget):
			return nil
		default:
			return fmt.Errorf("filter %d: the kernel says %v, Stack.Check %v", len(stack), errno, want)
		}
	}
}
