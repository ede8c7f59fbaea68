package bpf

// VM is a program made ready to run many times. It never changes, so that any
// number of goroutines may share it.
type VM struct {
	program Program
	steps   []step
	links   []link // of all rows
}

// step is an instruction made ready: what can be known before running is.
type step struct {
	op      op
	n       uint8  // the scratch word, argument or constant shift
	shift   uint8  // 32 if a load wants the word that comes second, else 0
	yes, no uint32 // where the program goes on if a test holds, and if not; of a row, yes is its last link's index plus one
	source  uint32 // K; of a row, its first link's index
}

// NewVM makes a program ready to run. The error is Check's: programs that the
// kernel would not admit do not run here either.
func NewVM(p Program) (*VM, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	vm := &VM{program: append(Program(nil), p...), steps: make([]step, len(p))}
	for pc := range p {
		vm.steps[pc] = p.ready(pc)
	}
	vm.findRows()
	return vm, nil
}

// ready makes one instruction of an admitted program ready.
func (p Program) ready(pc int) step {
	i := p[pc]
	s := step{op: opOf(i.Code), source: i.K}
	switch {
	case s.op == opLoad:
		s.op, s.n = loadOf(i.K)
		s.shift = uint8(i.K&4) * 8
	case s.op.jumps():
		yes, no := p.targets(pc)
		s.yes, s.no = uint32(yes), uint32(no)
	default:
		s.n = uint8(i.K % 32)
	}
	return s
}

// loadOf is the load of the data at offset k, and which argument if it is one.
func loadOf(k uint32) (op, uint8) {
	switch {
	case k == OffNr:
		return opLoadNr, 0
	case k == OffArch:
		return opLoadArch, 0
	case k < OffArgs:
		return opLoadIP, 0
	}
	return opLoadArg, uint8((k - OffArgs) / 8)
}

// Program is a copy of the program that the VM runs.
func (vm *VM) Program() Program { return append(Program(nil), vm.program...) }

// Run runs the program on a call, in the byte order of the call's arch (see
// OrderOf), and returns the Action as a plain number and how many instructions
// were run.
func (vm *VM) Run(d *Data) (value uint32, steps int) { return vm.RunOrder(d, OrderOf(d.Arch)) }

// RunOrder is Run in a byte order of the caller's choice.
func (vm *VM) RunOrder(d *Data, order ByteOrder) (value uint32, steps int) {
	var flip uint8 // turns the first word's shift into the second's
	if order == BigEndian {
		flip = 32
	}
	return vm.run(d, flip)
}

// run is one loop with everything in it, as it is the library's hottest. Each
// test has a branch of its own, so that the processor runs ahead: choosing the
// next instruction in one place, without a branch, is a fifth slower on long
// chains (BenchmarkRun). machine.step says the same more readably.
func (vm *VM) run(d *Data, flip uint8) (value uint32, steps int) {
	var (
		a, x uint32
		m    [MEMWORDS]uint32
		pc   uint
	)
	for code := vm.steps; pc < uint(len(code)); {
		s := &code[pc]
		pc++
		steps++
		switch s.op {
		case opLoadNr:
			a = d.Nr
		case opLoadArch:
			a = d.Arch
		case opLoadIP:
			a = uint32(d.IP >> ((s.shift ^ flip) & 63))
		case opLoadArg:
			a = uint32(d.Args[s.n] >> ((s.shift ^ flip) & 63))
		case opLoadImm:
			a = s.source
		case opLoadMem:
			a = m[s.n%MEMWORDS]
		case opLoadLen:
			a = SizeData
		case opLoadXImm:
			x = s.source
		case opLoadXMem:
			x = m[s.n%MEMWORDS]
		case opLoadXLen:
			x = SizeData
		case opStore:
			m[s.n%MEMWORDS] = a
		case opStoreX:
			m[s.n%MEMWORDS] = x
		case opAddK:
			a += s.source
		case opAddX:
			a += x
		case opSubK:
			a -= s.source
		case opSubX:
			a -= x
		case opMulK:
			a *= s.source
		case opMulX:
			a *= x
		case opDivK:
			a /= s.source
		case opDivX:
			if x == 0 {
				return 0, steps
			}
			a /= x
		case opOrK:
			a |= s.source
		case opOrX:
			a |= x
		case opAndK:
			a &= s.source
		case opAndX:
			a &= x
		case opLshK:
			a <<= s.n % 32
		case opLshX:
			a <<= x % 32
		case opRshK:
			a >>= s.n % 32
		case opRshX:
			a >>= x % 32
		case opXorK:
			a ^= s.source
		case opXorX:
			a ^= x
		case opNeg:
			a = -a
		case opTax:
			x = a
		case opTxa:
			a = x
		case opRetK:
			return s.source, steps
		case opRetA:
			return a, steps
		case opJump:
			pc = uint(s.yes)
		case opJeqK:
			if a == s.source {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		case opJeqRow:
			row := vm.links[s.source:s.yes]
			pc = uint(s.no)
			steps += len(row) - 1
			for n := range row {
				if a == row[n].k {
					pc = uint(row[n].yes)
					steps -= len(row) - 1 - n
					break
				}
			}
		case opJeqX:
			if a == x {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		case opJgtK:
			if a > s.source {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		case opJgtX:
			if a > x {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		case opJgeK:
			if a >= s.source {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		case opJgeX:
			if a >= x {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		case opJsetK:
			if a&s.source != 0 {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		case opJsetX:
			if a&x != 0 {
				pc = uint(s.yes)
			} else {
				pc = uint(s.no)
			}
		}
	}
	return uint32(RetKillProcess), steps // no admitted program gets here
}

// Run runs the program once on a call, in the byte order of the call's arch. It
// returns what the kernel would make of it, how many instructions were run, and
// Check's error for a program that the kernel would not admit. To run a program
// often, make a VM.
func (p Program) Run(d *Data) (Action, int, error) {
	vm, err := NewVM(p)
	if err != nil {
		return RetKillProcess, 0, err
	}
	value, steps := vm.Run(d)
	return Action(value), steps, nil
}
