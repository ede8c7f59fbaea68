package verify

import "github.com/narrow-sandbox/narrow/bpf"

// walker finds what a program returns from its end backwards: from a point
// with a conditional jump on, a program returns what it returns on the one
// side or, by the condition, on the other. A point is an instruction with what
// the registers hold, and is looked at once.
//
// Where the merger carries along which calls get to a place, the walker needs
// not know: what code says of arguments is found once, however many calls
// share it, and a comparison adds about as many nodes as it has bits. But as
// it keeps paths with different registers apart, there may be too many points;
// programs that compute, rather than compare, are for the merger.
type walker struct {
	*space
	program bpf.Program
	live    []registers
	looks   []bool // at the number, from an instruction on
	known   map[point]node
	words   map[word]*word // so that equal words are one
	values  int            // leaves made for `ret a`
	tooMany bool
}

// point is where a program can be, and with what.
type point struct {
	pc int
	o  orders
	nr uint64 // the call's number, if it was compared before, else anyNumber
	file
}

const anyNumber = 1 << 32

// pointsPer bounds the points by the instructions: filters have one or two each.
const pointsPer = 8

// walked builds the function of a program, or says that the walker cannot.
func (s *space) walked(program bpf.Program) (f node, ok bool) {
	w := &walker{space: s, program: program, live: live(program), looks: numberLooks(program),
		known: map[point]node{}, words: map[word]*word{}}
	f = w.from(point{0, eitherOrder, anyNumber, zeroed()})
	return f, !w.tooMany
}

// from is what the program returns from a point on. If the number is known it
// is so for this number only.
func (w *walker) from(p point) node {
	w.trim(&p)
	if f, ok := w.known[p]; ok {
		return f
	}
	if general := p; p.nr != anyNumber {
		general.nr = anyNumber
		if f, ok := w.known[general]; ok {
			return w.within1(f, wordNr, uint32(p.nr))
		}
	}
	if len(w.known) > pointsPer*len(w.program) || w.stopped != "" {
		w.tooMany = true
		return no
	}
	w.known[p] = no // counted on the way down
	f := w.run(p)
	w.known[p] = f
	return f
}

// trim makes points that do not differ equal.
func (w *walker) trim(p *point) {
	if !w.looks[p.pc] {
		p.nr = anyNumber
	}
	p.trim(w.live[p.pc])
	for i, r := range p.file {
		if r == nil {
			continue
		}
		one, ok := w.words[*r]
		if !ok {
			w.words[*r], one = r, r
		}
		p.file[i] = one
	}
}

// run goes on to the next jump or return.
func (w *walker) run(p point) node {
	for {
		in := w.program[p.pc]
		switch in.Class() {
		case bpf.RET:
			return w.ret(in, &p.file)
		case bpf.JMP:
			return w.jump(in, p)
		}
		zero := w.divisor(in, &p.file)
		if loadsNumber(in) && p.nr != anyNumber {
			in = bpf.Stmt(bpf.LD|bpf.IMM, uint32(p.nr))
		}
		w.execute(in, &p.file, p.o)
		p.pc++
		if zero != no {
			return w.choose(zero, w.leaf(0), w.from(p))
		}
	}
}

// jump is what is returned on either side, by the condition.
func (w *walker) jump(in bpf.Instruction, p point) node {
	pc := p.pc + 1
	if in.Op() == bpf.JA {
		p.pc = pc + int(in.K)
		return w.from(p)
	}
	condition := w.condition(in, &p.file)
	then, otherwise := p, p
	then.pc, otherwise.pc = pc+int(in.Jt), pc+int(in.Jf)
	switch condition {
	case yes:
		return w.from(then)
	case no:
		return w.from(otherwise)
	}
	w.learn(in, &then)
	g := w.from(otherwise) // first, as then may have less to look at when it is known
	return w.choose(condition, w.from(then), g)
}

// learn notes what a comparison that holds tells of a call.
func (w *walker) learn(in bpf.Instruction, p *point) {
	if in.Op() != bpf.JEQ || in.Src() != bpf.K {
		return
	}
	switch *p.file[indexA] {
	case *w.inputs[wordArch]:
		p.o = littleOnly
		if bpf.OrderOf(in.K) == bpf.BigEndian {
			p.o = bigOnly
		}
	case *w.inputs[wordNr]:
		p.nr = uint64(in.K)
		p.file[indexA] = constant(in.K)
	}
}

// ret is the value returned, as a function.
func (w *walker) ret(in bpf.Instruction, f *file) node {
	if in.RVal() == bpf.A {
		return w.value(f[indexA], 31, 0)
	}
	return w.leaf(canonical(bpf.Action(in.K)))
}

// value is the function of a word whose bits above bit are those of low: from
// the highest bit down, until all that is left means the same.
func (w *walker) value(r *word, bit int, low bpf.Action) node {
	high := low | (1<<(bit+1) - 1)
	if v := canonical(low); v == canonical(high) {
		if w.values++; w.values > maxValues {
			w.tooMany = true
		}
		return w.leaf(v)
	}
	switch {
	case w.tooMany || w.stopped != "":
		return no
	case r[bit] == yes:
		return w.value(r, bit-1, low|1<<bit)
	case r[bit] == no:
		return w.value(r, bit-1, low)
	}
	return w.choose(r[bit], w.value(r, bit-1, low|1<<bit), w.value(r, bit-1, low))
}
