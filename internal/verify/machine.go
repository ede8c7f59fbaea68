package verify

import "github.com/narrow-sandbox/narrow/bpf"

// machine runs a program on all calls at the same time. Jumps only go
// forward, so one pass in the order of the instructions meets each of them
// after everything that leads to it; where paths meet they are merged.
type machine struct {
	*space
	program bpf.Program
	live    []registers
	at      []*state            // what arrives at each instruction
	returns map[bpf.Action]node // for each value the calls that end with it
}

// state is the machine before an instruction.
type state struct {
	reach     node                    // the calls that get here
	registers [bpf.MEMWORDS + 2]*word // M[0..15], A, X; nil where not live
}

const (
	indexA = bpf.MEMWORDS
	indexX = bpf.MEMWORDS + 1

	// maxValues bounds the different values that `ret a` may return: one set
	// of calls is kept for each.
	maxValues = 1 << 13
)

// program builds the function of a program that the kernel would admit.
func (s *space) program(program bpf.Program) built {
	m := &machine{space: s, program: program, live: live(program),
		at: make([]*state, len(program)), returns: map[bpf.Action]node{}}
	start := &state{reach: yes}
	zero := constant(0)
	for i := range start.registers {
		start.registers[i] = zero
	}
	m.flow(0, yes, start)
	reached := make([]bool, len(program))
	for pc := range program {
		if s.stopped != "" {
			return built{}
		}
		if m.at[pc] != nil {
			reached[pc] = true
			m.step(pc, m.at[pc])
			m.at[pc] = nil
		}
	}
	return built{function: m.result(), reached: reached}
}

// flow merges the calls of reach, with the registers of st, into the state
// of an instruction.
func (m *machine) flow(pc int, reach node, st *state) {
	if reach == no {
		return
	}
	to := m.at[pc]
	if to == nil {
		to = &state{}
		m.at[pc] = to
	}
	for i := range to.registers {
		switch {
		case m.live[pc]>>i&1 == 0:
		case to.reach == no:
			to.registers[i] = st.registers[i]
		default:
			to.registers[i] = m.chooseWord(reach, st.registers[i], to.registers[i])
		}
	}
	to.reach = m.or(to.reach, reach)
}

// step runs one instruction; st is its own to change.
func (m *machine) step(pc int, st *state) {
	in := m.program[pc]
	switch in.Class() {
	case bpf.RET:
		m.ret(in, st)
		return
	case bpf.JMP:
		m.jump(pc, in, st)
		return
	case bpf.LD:
		st.registers[indexA] = m.load(in, st)
	case bpf.LDX:
		st.registers[indexX] = m.load(in, st)
	case bpf.ST:
		st.registers[in.K%bpf.MEMWORDS] = st.registers[indexA]
	case bpf.STX:
		st.registers[in.K%bpf.MEMWORDS] = st.registers[indexX]
	case bpf.ALU:
		st.registers[indexA] = m.compute(in, st)
	case bpf.MISC:
		if in.Code == bpf.MISC|bpf.TXA {
			st.registers[indexA] = st.registers[indexX]
		} else {
			st.registers[indexX] = st.registers[indexA]
		}
	}
	m.flow(pc+1, st.reach, st)
}

// load is what an LD or LDX reads.
func (m *machine) load(in bpf.Instruction, st *state) *word {
	switch in.Mode() {
	case bpf.ABS:
		return m.data(in.K, st.reach)
	case bpf.MEM:
		return st.registers[in.K%bpf.MEMWORDS]
	case bpf.LEN:
		return constant(64) // sizeof(struct seccomp_data)
	}
	return constant(in.K)
}

// data is the word at an offset of struct seccomp_data. Which half of a
// 64-bit field comes first is the machine's byte order, which bit 30 of the
// audit arch tells: linux/audit.h, __AUDIT_ARCH_LE.
func (m *machine) data(offset uint32, reach node) *word {
	switch offset {
	case 0:
		return m.inputs[wordNr]
	case 4:
		return m.inputs[wordArch]
	}
	field := fieldIP
	if offset >= 16 {
		field = int(offset-16) / 8
	}
	little, big := m.inputs[lowWord(field)], m.inputs[highWord(field)]
	if offset%8 == 4 {
		little, big = big, little
	}
	isLittle := m.input(wordArch, 30)
	switch {
	case m.minus(reach, isLittle) == no:
		return little
	case m.and(reach, isLittle) == no:
		return big
	}
	return m.chooseWord(isLittle, little, big)
}

// compute is the new A of an ALU instruction.
func (m *machine) compute(in bpf.Instruction, st *state) *word {
	a, b := st.registers[indexA], constant(in.K)
	if in.Src() == bpf.X {
		b = st.registers[indexX]
	}
	switch in.Op() {
	case bpf.ADD:
		return m.plus(a, b, no)
	case bpf.SUB:
		return m.less(a, b)
	case bpf.MUL:
		return m.product(a, b)
	case bpf.DIV:
		return m.quotient(a, b, st)
	case bpf.AND:
		return m.andWord(a, b)
	case bpf.OR:
		return m.orWord(a, b)
	case bpf.XOR:
		return m.xorWord(a, b)
	case bpf.LSH:
		return m.shift(a, b, 1)
	case bpf.RSH:
		return m.shift(a, b, -1)
	}
	return m.less(constant(0), a) // NEG
}

// product has a constant on the right if there is one.
func (m *machine) product(a, b *word) *word {
	if _, ok := a.isConstant(); ok {
		a, b = b, a
	}
	return m.times(a, b)
}

// quotient divides; a call whose divisor is 0 ends here and returns 0
// (net/core/filter.c:bpf_convert_filter).
func (m *machine) quotient(a, b *word, st *state) *word {
	zero := m.and(st.reach, m.equal(b, constant(0)))
	m.returned(0, zero)
	st.reach = m.minus(st.reach, zero)
	if st.reach == no {
		return constant(0)
	}
	return m.over(a, b)
}

// jump sends the calls on to where they go.
func (m *machine) jump(pc int, in bpf.Instruction, st *state) {
	if in.Code == bpf.JMP|bpf.JA {
		m.flow(pc+1+int(in.K), st.reach, st)
		return
	}
	taken := m.and(st.reach, m.condition(in, st))
	m.flow(pc+1+int(in.Jt), taken, st)
	m.flow(pc+1+int(in.Jf), m.minus(st.reach, taken), st)
}

// condition is the set of calls for which a conditional jump is true.
func (m *machine) condition(in bpf.Instruction, st *state) node {
	a, b := st.registers[indexA], constant(in.K)
	if in.Src() == bpf.X {
		b = st.registers[indexX]
	}
	switch in.Op() {
	case bpf.JEQ:
		return m.equal(a, b)
	case bpf.JGT:
		return m.greater(a, b)
	case bpf.JGE:
		return m.not(m.greater(b, a))
	}
	return m.common(a, b) // JSET
}

// ret ends the program for the calls that are here.
func (m *machine) ret(in bpf.Instruction, st *state) {
	if in.RVal() == bpf.A {
		m.split(st.reach, st.registers[indexA], 31, 0)
		return
	}
	m.returned(canonical(bpf.Action(in.K)), st.reach)
}

// returned notes that calls end with a value.
func (m *machine) returned(value bpf.Action, calls node) {
	if calls == no {
		return
	}
	m.returns[value] = m.or(m.returns[value], calls)
	if len(m.returns) > maxValues {
		m.stop("it returns more than %d different values", maxValues)
	}
}

// split sorts calls by the value of a word, whose bits above bit are those of
// low: from the highest bit down, until all that is left means the same.
func (m *machine) split(calls node, value *word, bit int, low bpf.Action) {
	if calls == no || m.stopped != "" {
		return
	}
	high := low | (1<<(bit+1) - 1)
	if v := canonical(low); v == canonical(high) {
		m.returned(v, calls)
		return
	}
	m.split(m.minus(calls, value[bit]), value, bit-1, low)
	m.split(m.and(calls, value[bit]), value, bit-1, low|1<<bit)
}

// result joins the returns, of which every call has exactly one.
func (m *machine) result() node {
	f := m.leaf(bpf.RetKillProcess)
	for _, v := range sortedKeys(m.returns) {
		f = m.choose(m.returns[v], m.leaf(v), f)
	}
	return f
}
