package verify

import "github.com/narrow-sandbox/narrow/bpf"

// merger runs a program on all calls at the same time. Jumps only go forward,
// so one pass in the order of the instructions meets each of them after
// everything that leads to it; where paths meet their registers are merged.
// However many paths there are, each instruction is run once. What it has to
// carry along is which calls are where.
type merger struct {
	*space
	program bpf.Program
	live    []registers
	at      []*state            // what arrives at each instruction
	returns map[bpf.Action]node // for each value the calls that end with it
}

// state is the machine before an instruction.
type state struct {
	reach node // the calls that get here
	file
}

// maxValues bounds the different values that `ret a` may return, as each is a
// set of calls.
const maxValues = 1 << 13

// merged builds the function of a program and tells which instructions some
// call reaches.
func (s *space) merged(program bpf.Program) (f node, reached []bool) {
	m := &merger{space: s, program: program, live: live(program),
		at: make([]*state, len(program)), returns: map[bpf.Action]node{}}
	m.flow(0, yes, &state{yes, zeroed()})
	reached = make([]bool, len(program))
	for pc := range program {
		if s.stopped != "" {
			return no, nil
		}
		if m.at[pc] != nil {
			reached[pc] = true
			m.step(pc, m.at[pc])
			m.at[pc] = nil
		}
	}
	return m.result(), reached
}

// flow merges the calls of reach, with the registers of st, into the state
// of an instruction.
func (m *merger) flow(pc int, reach node, st *state) {
	if reach == no {
		return
	}
	to := m.at[pc]
	if to == nil {
		to = &state{reach, st.file}
		to.trim(m.live[pc])
		m.at[pc] = to
		return
	}
	for i, w := range to.file {
		if w != nil {
			to.file[i] = m.chooseWord(reach, st.file[i], w)
		}
	}
	to.reach = m.or(to.reach, reach)
}

// step runs one instruction; st is its own to change.
func (m *merger) step(pc int, st *state) {
	in := m.program[pc]
	switch in.Class() {
	case bpf.RET:
		m.ret(in, st)
		return
	case bpf.JMP:
		m.jump(pc, in, st)
		return
	}
	zero := m.and(st.reach, m.divisor(in, &st.file))
	m.returned(0, zero)
	st.reach = m.minus(st.reach, zero)
	if st.reach != no {
		m.execute(in, &st.file, m.orders(st.reach))
		m.flow(pc+1, st.reach, st)
	}
}

// orders is the byte orders of a set of calls.
func (m *merger) orders(calls node) orders {
	switch {
	case m.minus(calls, m.little()) == no:
		return littleOnly
	case m.and(calls, m.little()) == no:
		return bigOnly
	}
	return eitherOrder
}

// jump sends the calls on to where they go.
func (m *merger) jump(pc int, in bpf.Instruction, st *state) {
	if in.Op() == bpf.JA {
		m.flow(pc+1+int(in.K), st.reach, st)
		return
	}
	taken := m.and(st.reach, m.condition(in, &st.file))
	m.flow(pc+1+int(in.Jt), taken, st)
	m.flow(pc+1+int(in.Jf), m.minus(st.reach, taken), st)
}

// ret ends the program for the calls that are here.
func (m *merger) ret(in bpf.Instruction, st *state) {
	if in.RVal() == bpf.A {
		m.split(st.reach, st.file[indexA], 31, 0)
		return
	}
	m.returned(canonical(bpf.Action(in.K)), st.reach)
}

// returned notes that calls end with a value.
func (m *merger) returned(value bpf.Action, calls node) {
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
func (m *merger) split(calls node, value *word, bit int, low bpf.Action) {
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
func (m *merger) result() node {
	f := m.leaf(bpf.RetKillProcess)
	for _, v := range sortedKeys(m.returns) {
		f = m.choose(m.returns[v], m.leaf(v), f)
	}
	return f
}
