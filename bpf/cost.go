package bpf

import "fmt"

// What a stack of filters may cost, counted in instructions of the kernel's own
// machine, to which each program is converted. Source: kernel/seccomp.c:
// seccomp_attach_filter, MAX_INSNS_PER_PATH; TestKernelCost.
const (
	Budget        = 32768 // for all filters of a thread together
	FilterPenalty = 4     // added for each filter that stands below another
)

// prologueCost is what a converted program begins with: clear A, clear X, keep
// the pointer to the data.
const prologueCost = 3

// Cost is the length of the program as the kernel converts it, which is what
// counts against Budget. The program must be one that Check admits; it is at
// most 20,483 then. A kernel that hardens its JIT (net.core.bpf_jit_harden)
// counts more. Source: net/core/filter.c:bpf_convert_filter; TestKernelCost.
func (p Program) Cost() int {
	cost := prologueCost
	for _, i := range p {
		cost += i.cost()
	}
	return cost
}

// cost is how many instructions the kernel makes of this one.
func (i Instruction) cost() int {
	switch o := opOf(i.Code); {
	case o == opRetK:
		return 2 // the value, the exit
	case o == opDivX:
		return 5 // a test of X, a return of 0, the division
	case o.jumps() && o != opJump:
		return i.jumpCost()
	}
	return 1
}

// jumpCost is what a conditional jump costs. The kernel's own jumps compare
// with signed constants, so larger ones are loaded first, and fall through
// where they do not hold, so that a jump in both cases takes two. It turns a
// comparison round where only the false arm jumps, which JSET does not allow.
func (i Instruction) jumpCost() int {
	cost := 1
	if i.Src() == K && int32(i.K) < 0 {
		cost++
	}
	if i.Jf != 0 && (i.Jt != 0 || i.Op() == JSET) {
		cost++
	}
	return cost
}

// Stack is the filters of one thread, the oldest first.
type Stack []Program

// Cost is what the stack counts against Budget.
func (s Stack) Cost() int {
	cost := FilterPenalty * max(len(s)-1, 0)
	for _, p := range s {
		cost += p.Cost()
	}
	return cost
}

// Check says whether the kernel would admit the programs one after the other:
// nil, or a *StackError that names the first which it would not.
func (s Stack) Check() error {
	cost := 0
	for n, p := range s {
		if err := p.Check(); err != nil {
			return &StackError{Filter: n, Err: err}
		}
		if cost += p.Cost(); cost > Budget {
			return &StackError{Filter: n, Err: &Error{PC: -1, Code: ErrBudget,
				Detail: fmt.Sprintf("with it the filters cost %d of at most %d converted instructions", cost, Budget)}}
		}
		cost += FilterPenalty
	}
	return nil
}

// StackError is a reason why the kernel would not admit a filter of a stack.
type StackError struct {
	Filter int   // the index of the filter, the oldest being 0
	Err    error // an *Error
}

// Error names the filter, counted from 1 for the oldest.
func (e *StackError) Error() string { return fmt.Sprintf("filter %d: %v", e.Filter+1, e.Err) }

// Unwrap gives the *Error.
func (e *StackError) Unwrap() error { return e.Err }
