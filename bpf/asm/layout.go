package asm

import (
	"slices"

	"github.com/narrow-sandbox/narrow/bpf"
)

// reach is how many instructions a conditional jump can skip.
const reach = 255

// layout counts the jumps out. It goes from the last instruction to the first:
// as jumps lead forward, each target has its place by then, and where a
// conditional jump does not reach, a ja is put right behind it, or one that an
// earlier step put there is used again.
func (a *assembler) layout() {
	l := &layout{assembler: a, height: make([]int32, len(a.lines)), hops: map[int32]int32{}}
	a.program = make(bpf.Program, 0, len(a.lines))
	a.at = make([]int32, 0, len(a.lines))
	for i := len(a.lines) - 1; i >= 0; i-- {
		l.place(i)
		l.height[i] = l.size()
	}
	slices.Reverse(a.program)
	slices.Reverse(a.at)
	a.checkData(len(l.hops) > 0)
}

// layout is the program from its end to the instruction at hand. A height
// counts instructions from the end: the last has height 1.
type layout struct {
	*assembler
	height []int32         // of each line
	hops   map[int32]int32 // symbol → height of the ja to it that was put last
}

func (l *layout) size() int32 { return int32(len(l.program)) }

func (l *layout) emit(in bpf.Instruction, at int32) {
	l.program = append(l.program, in)
	l.at = append(l.at, at)
}

// place emits line i with its jumps.
func (l *layout) place(i int) {
	line := &l.lines[i]
	in := line.in
	switch lookup(in.Code).operand {
	case jump:
		if !line.data {
			in.K = l.distance(i, line.jt)
		}
	case testK, testX:
		if !line.data {
			in.Jt, in.Jf = l.offsets(line)
		}
	}
	l.emit(in, line.at)
}

// distance is what a ja in line i skips: less than 0, modulo 2^32, if it leads
// back, and then the lines between have no hops yet, so they count as they are.
func (l *layout) distance(i int, r ref) uint32 {
	switch {
	case r.symbol == nowhere:
		return 0
	case int(l.symbols[r.symbol].line) <= i:
		return uint32(l.symbols[r.symbol].line - int32(i) - 1)
	}
	return uint32(l.size() - l.height[l.symbols[r.symbol].line])
}

// offsets is what a conditional jump skips, with a hop behind it for each
// target out of reach.
func (l *layout) offsets(line *line) (jt, jf uint8) {
	next := l.size()
	yes, no := l.target(line.jt, next), l.target(line.jf, next)
	for {
		switch {
		case l.size()-yes > reach:
			yes = l.hop(line.jt, yes, line.at)
		case l.size()-no > reach:
			no = l.hop(line.jf, no, line.at)
		default:
			return uint8(l.size() - yes), uint8(l.size() - no)
		}
	}
}

// target is the height of where a jump leads.
func (l *layout) target(r ref, next int32) int32 {
	if r.symbol == nowhere {
		return next
	}
	return l.height[l.symbols[r.symbol].line]
}

// hop returns the height of a ja to a target of that height within reach.
func (l *layout) hop(r ref, height, at int32) int32 {
	if known, ok := l.hops[r.symbol]; ok && l.size()-known < reach {
		return known
	}
	l.emit(bpf.Jump(bpf.JMP|bpf.JA, uint32(l.size()-height), 0, 0), at)
	l.hops[r.symbol] = l.size()
	return l.size()
}

// checkData records jumps by number where hops may have come between them and
// their targets.
func (a *assembler) checkData(hops bool) {
	if !hops {
		return
	}
	for i := range a.lines {
		l := &a.lines[i]
		if op := lookup(l.in.Code).operand; l.data && (op == jump || op == testK || op == testX) {
			a.fail(int(l.at), "a jump by numbers in a program that needs long jumps", "write it with labels")
		}
	}
}
