package bpf

// Coverage counts what runs of one program reached. It is not safe for several
// goroutines: give each its own and Add them.
type Coverage struct {
	Runs   uint64
	Counts []Count // by instruction
}

// Count is how often an instruction was run, and, for a conditional jump, how
// often its test held.
type Count struct {
	Run   uint64
	Taken uint64
}

// NewCoverage makes an empty count for a program.
func NewCoverage(p Program) *Coverage { return &Coverage{Counts: make([]Count, len(p))} }

// Visit counts an instruction; give it to VM.Trace of the same program.
func (c *Coverage) Visit(s Step) {
	n := &c.Counts[s.PC]
	n.Run++
	if s.Taken {
		n.Taken++
	}
	if s.Next < 0 {
		c.Runs++
	}
}

// Run runs the program as VM.Run does, and counts.
func (c *Coverage) Run(vm *VM, d *Data) (value uint32, steps int) { return vm.Trace(d, c.Visit) }

// Add adds the counts of other, which must be of the same program.
func (c *Coverage) Add(other *Coverage) {
	c.Runs += other.Runs
	for pc, n := range other.Counts {
		c.Counts[pc].Run += n.Run
		c.Counts[pc].Taken += n.Taken
	}
}

// Unreached are the indices of the instructions that never ran.
func (c *Coverage) Unreached() []int {
	var list []int
	for pc, n := range c.Counts {
		if n.Run == 0 {
			list = append(list, pc)
		}
	}
	return list
}

// OneWay are the indices of the conditional jumps of p that ran, and always
// went the same way. A jump whose two arms are one has no other way.
func (c *Coverage) OneWay(p Program) []int {
	var list []int
	for pc, n := range c.Counts {
		i := p[pc]
		if o := opOf(i.Code); !o.jumps() || o == opJump || i.Jt == i.Jf || n.Run == 0 {
			continue
		}
		if n.Taken == 0 || n.Taken == n.Run {
			list = append(list, pc)
		}
	}
	return list
}
