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
	best := RetAllow
	winner = -1
	for n := len(s.vms) - 1; n >= 0; n-- {
		got, ran := s.vms[n].RunOrder(d, order)
		steps += ran
		if Action(got).Stricter(best) {
			best, winner = Action(got), n
		}
	}
	return uint32(best), steps, winner
}
