package proved

import (
	"fmt"
	"slices"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// Exact is a call whose first registers hold exactly some values; the others
// may hold anything.
type Exact struct {
	Arch      *abi.Arch
	Nr        uint32
	Registers []uint64
	Text      string // in the notation, for people
}

// FilterWith is the filter of rules that let one call more run than r: a start's
// own execve, whose pointers are other ones each time, so that the whole could
// never be remembered.
//
// What is remembered is the filter of r with a mark, a verdict that r has not,
// for every call of that number. The returns of the mark become jumps to a few
// instructions at the end, which tell the exact call from all others. These are
// proved each time, as a program of their own.
func (p *Proofs) FilterWith(r *policy.Rules, call Exact) (bpf.Program, error) {
	stopped, constant := alike(r, call)
	mark, free := unused(r)
	if !constant || !free {
		return within(folder{}).Filter(WithCall(r, call)) // it must be asked whole
	}
	base, err := p.Filter(marked(r, call, mark))
	if err != nil {
		return nil, err
	}
	tail, err := p.tail(call, stopped)
	if err != nil {
		return nil, err
	}
	program := base
	for pc, in := range base {
		if in.Class() == bpf.RET && bpf.Action(in.K) == mark.Action() {
			program = slices.Clone(program)
			program[pc] = bpf.Stmt(bpf.JMP|bpf.JA, uint32(len(base)-pc-1))
		}
	}
	program = append(program[:len(program):len(program)], tail...)
	return program, program.Check()
}

// WithCall is r with a rule before all others that allows the call.
func WithCall(r *policy.Rules, call Exact) *policy.Rules {
	return first(r, call, policy.RuleMatch{
		Verdict: policy.Verdict{Kind: policy.Allow},
		Numbers: []policy.Range{{Low: uint64(call.Nr), High: uint64(call.Nr)}},
		Conds:   call.conds(),
		Text:    call.Text,
		Origin:  policy.FromKernel,
	})
}

// marked is r with the mark for all calls of the call's number.
func marked(r *policy.Rules, call Exact, mark policy.Verdict) *policy.Rules {
	return first(r, call, policy.RuleMatch{
		Verdict: mark,
		Numbers: []policy.Range{{Low: uint64(call.Nr), High: uint64(call.Nr)}},
		Origin:  policy.FromKernel,
	})
}

// first is r with one rule more, before all others of the call's arch.
func first(r *policy.Rules, call Exact, rule policy.RuleMatch) *policy.Rules {
	with := *r
	with.Arches = slices.Clone(r.Arches)
	for i, a := range r.Arches {
		if a.Arch != call.Arch {
			continue
		}
		with.Arches[i] = &policy.ArchRules{Arch: a.Arch}
		for _, list := range a.Lists {
			with.Arches[i].Lists = append(with.Arches[i].Lists, append(policy.List{&rule}, list...))
		}
	}
	return &with
}

func (e *Exact) conds() []policy.Cond {
	var conds []policy.Cond
	bits := uint8(e.Arch.Register)
	for i, v := range e.Registers {
		conds = append(conds, policy.Cond{
			Operand: policy.Operand{Reg: int8(i), High: -1, Bits: bits},
			Mask:    ^uint64(0) >> (64 - bits),
			Ranges:  []policy.Range{{Low: v, High: v}},
			Name:    fmt.Sprintf("arg%d", i),
		})
	}
	return conds
}

// alike is the verdict of all calls with the call's number, if they have one
// in common that can be seen without looking at arguments.
func alike(r *policy.Rules, call Exact) (v policy.Verdict, constant bool) {
	v = r.Else
	for _, a := range r.Arches {
		if a.Arch != call.Arch {
			continue
		}
		for i, list := range a.Lists {
			at := slices.IndexFunc(list, func(m *policy.RuleMatch) bool { return has(m.Numbers, uint64(call.Nr)) })
			if at < 0 || len(list[at].Conds) > 0 {
				return v, false
			}
			if i == 0 || v.Stricter(list[at].Verdict) {
				v = list[at].Verdict
			}
		}
	}
	return v, true
}

func has(ranges []policy.Range, v uint64) bool {
	return slices.ContainsFunc(ranges, func(r policy.Range) bool { return r.Low <= v && v <= r.High })
}

// unused is a verdict that no rule has.
func unused(r *policy.Rules) (policy.Verdict, bool) {
	taken := map[policy.Verdict]bool{r.Else: true}
	for _, a := range r.Arches {
		for _, list := range a.Lists {
			for _, m := range list {
				taken[m.Verdict] = true
			}
		}
	}
	v := policy.Verdict{Kind: policy.Trace}
	for data := range 1 << 16 {
		if v.Data = uint16(data); !taken[v] {
			return v, true
		}
	}
	return v, false
}

// tail is a program that allows the call and answers all others alike,
// whatever their number: it stands where only one number comes.
func (p *Proofs) tail(call Exact, otherwise policy.Verdict) (bpf.Program, error) {
	order := bpf.OrderOf(call.Arch.Audit)
	var program bpf.Program
	for i, v := range call.Registers {
		program = append(program, bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, order.ArgLow(i)), bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, uint32(v), 0, 0))
		if call.Arch.Register == 64 {
			program = append(program, bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, order.ArgHigh(i)), bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, uint32(v>>32), 0, 0))
		}
	}
	end := len(program) + 1
	for pc, in := range program {
		if in.Class() == bpf.JMP {
			program[pc].Jf = uint8(end - pc - 1)
		}
	}
	program = append(program, bpf.Stmt(bpf.RET|bpf.K, uint32(bpf.RetAllow)), bpf.Stmt(bpf.RET|bpf.K, uint32(otherwise.Action())))
	return program, p.prove(program, call, otherwise)
}

// prove proves a tail, behind tests that let only the call's number come there.
func (p *Proofs) prove(tail bpf.Program, call Exact, otherwise policy.Verdict) error {
	last := uint8(len(tail) - 1)
	guarded := append(bpf.Program{
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffArch), bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, call.Arch.Audit, 0, last+2),
		bpf.Stmt(bpf.LD|bpf.W|bpf.ABS, bpf.OffNr), bpf.Jump(bpf.JMP|bpf.JEQ|bpf.K, call.Nr, 0, last),
	}, tail...)
	none := &policy.Rules{Else: otherwise, Arches: []*policy.ArchRules{{
		Arch: call.Arch, Lists: []policy.List{{{Verdict: otherwise, Numbers: []policy.Range{{Low: 0, High: 1<<32 - 1}}}}},
	}}}
	return same(verify.New(verify.Limits{}), guarded, WithCall(none, call))
}
