package asm

import (
	"errors"
	"fmt"

	"github.com/narrow-sandbox/narrow/bpf"
)

// check records what the target would refuse in the program.
func (a *assembler) check() {
	if len(a.program) == 0 || a.options.Bypass {
		return
	}
	if len(a.program) > bpf.MAXINSNS {
		a.fail(int(a.at[bpf.MAXINSNS]), a.tooLong(), fmt.Sprintf("a program has at most %d", bpf.MAXINSNS))
	}
	if a.options.For == Seccomp {
		a.checkSeccomp()
	} else {
		a.checkSocket()
	}
}

// tooLong says how many instructions there are.
func (a *assembler) tooLong() string {
	if inserted := len(a.program) - len(a.lines); inserted > 0 {
		return fmt.Sprintf("%d instructions, %d of them long jumps that the assembler inserted", len(a.program), inserted)
	}
	return fmt.Sprintf("%d instructions", len(a.program))
}

// checkSeccomp records what the kernel would not admit as a seccomp filter.
func (a *assembler) checkSeccomp() {
	bad := a.linesThat(func(l *line) bool { return l.bad })
	lost := a.linesThat(func(l *line) bool { return l.lost })
	for _, e := range a.program.CheckAll() {
		if e.PC < 0 {
			continue // too long, which is said already
		}
		at := a.at[e.PC]
		switch {
		case bad[at], len(bad) > 0 && errors.Is(e, bpf.ErrUnwritten), lost[at] && errors.Is(e, bpf.ErrJump):
			continue // what stands in for a mistake is nothing to complain about
		}
		a.note(problem{at: int(at), what: e.Detail, err: e})
	}
}

// linesThat is where in the source instructions are that something holds for.
func (a *assembler) linesThat(holds func(*line) bool) map[int32]bool {
	var at map[int32]bool
	for i := range a.lines {
		if !holds(&a.lines[i]) {
			continue
		}
		if at == nil {
			at = map[int32]bool{}
		}
		at[a.lines[i].at] = true
	}
	return at
}

// checkSocket records what no program may have. An .insn line is taken as it is.
func (a *assembler) checkSocket() {
	for i := range a.lines {
		l := &a.lines[i]
		if l.data || l.bad {
			continue
		}
		what := objectionTo(l.in, i == len(a.lines)-1)
		switch {
		case what == "":
		case a.options.BpfcCompat && byZero(l.in):
			a.warn(int(l.at), "bpfc takes a "+what+"; the kernel refuses it")
		default:
			a.fail(int(l.at), what, "")
		}
		a.warnSocket(l)
		if a.options.BpfcCompat && leaves(a.program, i) {
			a.fail(int(l.at), "a jump beyond the last instruction, once bpfc has wrapped it", "bpfc refuses it, too")
		}
	}
}

// leaves reports whether the instruction at pc is a jump out of p, the way bpfc
// looks at it: one that leads back modulo 2^32 stays.
func leaves(p bpf.Program, pc int) bool {
	in, left := p[pc], uint32(len(p)-pc-1)
	switch lookup(in.Code).operand {
	case jump:
		return uint32(pc)+1+in.K >= uint32(len(p))
	case testK, testX:
		return uint32(in.Jt) >= left || uint32(in.Jf) >= left
	}
	return false
}

// warnSocket records what bpfc takes and the kernel refuses on a socket:
// net/core/filter.c:bpf_check_classic.
func (a *assembler) warnSocket(l *line) {
	op := lookup(l.in.Code)
	switch {
	case op.name == "ret" && op.operand == regX:
		a.warn(int(l.at), "the kernel refuses ret x; txa and ret a do the same")
	case (op.name == "lsh" || op.name == "rsh") && op.operand == literal && l.in.K >= 32:
		a.warn(int(l.at), "the kernel refuses shifts by 32 and more")
	}
}
