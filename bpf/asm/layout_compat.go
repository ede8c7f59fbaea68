package asm

import (
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// layoutCompat counts the jumps out as bpfc does: a conditional one keeps the
// lowest 8 bits, whatever it meant.
func (a *assembler) layoutCompat() {
	a.program = make(bpf.Program, len(a.lines))
	a.at = make([]int32, len(a.lines))
	for i := range a.lines {
		l := &a.lines[i]
		in := l.in
		switch op := lookup(in.Code).operand; {
		case l.data:
		case op == jump:
			in.K = uint32(a.skips(i, l.jt))
		case op == testK || op == testX:
			in.Jt = a.wrappedSkips(i, l.jt)
			in.Jf = a.wrappedSkips(i, l.jf)
		}
		a.program[i], a.at[i] = in, l.at
	}
}

// skips is how many instructions are between line i and a target.
func (a *assembler) skips(i int, r ref) int {
	if r.symbol == nowhere {
		return 0
	}
	n := int(a.symbols[r.symbol].line) - i - 1
	if n < 0 {
		a.warn(int(r.at), fmt.Sprintf("bpfc lets this jump lead back by %d; the kernel refuses that", -n))
	}
	return n
}

// wrappedSkips is skips in 8 bits.
func (a *assembler) wrappedSkips(i int, r ref) uint8 {
	if r.symbol == nowhere {
		return 0
	}
	n := int(a.symbols[r.symbol].line) - i - 1
	if n != int(uint8(n)) {
		a.warn(int(r.at), fmt.Sprintf("bpfc wraps this jump by %d to one by %d", n, uint8(n)))
	}
	return uint8(n)
}
