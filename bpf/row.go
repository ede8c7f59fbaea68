package bpf

// A row is tests for equality with constants, each behind the false arm of the
// one before it: how most filters tell calls apart. The virtual machine runs
// through the constants of a row without looking at its instructions, as that
// need not wait for each instruction to name the next.

// link is one test of a row.
type link struct {
	k   uint32
	yes uint32 // where the program goes on if it holds
}

// shortestRow is how many tests make a row worth it.
const shortestRow = 3

// findRows puts each test for equality into one row, as long as may be, and
// makes those that begin a row of some length, or join one, run through it.
func (vm *VM) findRows() {
	vm.links = make([]link, 0, vm.count(opJeqK))
	in := make([]bool, len(vm.steps)) // a row already
	var members []uint32
	for first := range vm.steps {
		begin := uint32(len(vm.links))
		members = members[:0]
		pc := uint32(first)
		for vm.steps[pc].op == opJeqK && !in[pc] {
			in[pc] = true
			members = append(members, pc)
			vm.links = append(vm.links, link{vm.steps[pc].source, vm.steps[pc].yes})
			pc = vm.steps[pc].no
		}
		vm.makeRow(members, begin, pc)
	}
}

// count is how many steps have an op.
func (vm *VM) count(o op) int {
	n := 0
	for pc := range vm.steps {
		if vm.steps[pc].op == o {
			n++
		}
	}
	return n
}

// makeRow makes the members of a row run through its links, which begin at an
// index; behind the last the program goes on at after.
func (vm *VM) makeRow(members []uint32, begin, after uint32) {
	end := begin + uint32(len(members))
	for n, pc := range members {
		if len(members)-n >= shortestRow {
			vm.steps[pc] = step{op: opJeqRow, source: begin + uint32(n), yes: end, no: after}
		}
	}
}
