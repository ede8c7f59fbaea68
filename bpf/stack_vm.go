package bpf

// StackVM is the filters of one thread made ready to run. It never changes, so
// that any number of goroutines may share it.
type StackVM struct {
	vms []*VM // the oldest first
}

// NewStackVM makes a stack ready to run. The error is Stack.Check's.
func NewStackVM(s Stack) (*StackVM, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	vms := make([]*VM, len(s))
	for n, p := range s {
		vm, err := NewVM(p)
		if err != nil {
			return nil, &StackError{Filter: n, Err: err}
		}
		vms[n] = vm
	}
	return &StackVM{vms: vms}, nil
}

// Programs are copies of the filters, the oldest first.
func (s *StackVM) Programs() Stack {
	programs := make(Stack, len(s.vms))
	for n, vm := range s.vms {
		programs[n] = vm.Program()
	}
	return programs
}

// Run runs a call through all filters, the newest first, as the kernel does. The
// strictest action wins and of equally strict ones the newest filter's, data
// and all. It returns that value, the instructions run in all filters, and the
// index of the winning filter, the oldest being 0. Where no filter is stricter
// than allow, the value is a plain RetAllow and the index -1; so it is without
// filters. Source: kernel/seccomp.c:seccomp_run_filters.
func (s *StackVM) Run(d *Data) (value uint32, steps, winner int) {
	return s.RunOrder(d, OrderOf(d.Arch))
}

// RunOrder is Run in a byte order of the caller's choice.
func (s *StackVM) RunOrder(d *Data, order ByteOrder) (value uint32, steps, winner int) {
	return s.strictest(func(n int) (uint32, int) { return s.vms[n].RunOrder(d, order) })
}

// Trace runs a call as Run does and tells visit of each instruction after it was
// run, with the index of its filter.
func (s *StackVM) Trace(d *Data, visit func(filter int, step Step)) (value uint32, steps, winner int) {
	return s.strictest(func(n int) (uint32, int) {
		return s.vms[n].Trace(d, func(step Step) { visit(n, step) })
	})
}

// strictest runs each filter, the newest first, and picks whose value counts.
func (s *StackVM) strictest(run func(n int) (value uint32, steps int)) (value uint32, steps, winner int) {
	best := RetAllow
	winner = -1
	for n := len(s.vms) - 1; n >= 0; n-- {
		got, ran := run(n)
		steps += ran
		if Action(got).Stricter(best) {
			best, winner = Action(got), n
		}
	}
	return uint32(best), steps, winner
}
