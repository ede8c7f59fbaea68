package scmp

import (
	"io"
	"math"
	"slices"
	"syscall"

	"github.com/narrow-sandbox/narrow/bpf"
	"github.com/narrow-sandbox/narrow/internal/compile"
	"github.com/narrow-sandbox/narrow/internal/verify"
	"github.com/narrow-sandbox/narrow/policy"
)

// Program is the context as a program: the same one for the same context. The
// error is ENOMEM where it would be longer than the kernel admits.
func (c *Context) Program() (bpf.Program, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.compiled == nil {
		p, err := compile.Compile(c.Rules(), compile.Options{Weights: c.weights()})
		if err != nil {
			return nil, syscall.ENOMEM
		}
		c.compiled = p
	}
	return slices.Clone(c.compiled), nil
}

// Prove is Program, and proves that it does what Rules say. EFAULT: it does not.
func (c *Context) Prove() (bpf.Program, error) {
	p, err := c.Program()
	if err != nil || c.proved {
		return p, err
	}
	prover := verify.New(verify.Limits{})
	code, err := prover.Program(p)
	if err != nil {
		return nil, syscall.EFAULT
	}
	result, err := prover.Equal(code, prover.Rules(c.Rules()))
	if err != nil || result.Answer != verify.Yes {
		return nil, syscall.EFAULT
	}
	c.proved = true
	return p, nil
}

// changed forgets the program.
func (c *Context) changed() { c.compiled, c.proved = nil, false }

// weights turns priorities into calls that were counted.
func (c *Context) weights() []compile.Weight {
	var all []compile.Weight
	for _, f := range c.filters {
		for _, d := range f.calls {
			if d.priority > 0 && d.nr >= 0 {
				all = append(all, compile.Weight{Call: bpf.Data{Arch: f.arch.abi.Audit, Nr: uint32(d.nr)}, Count: uint64(d.priority)})
			}
		}
	}
	return all
}

// ExportBPF writes the program as the kernel takes it: struct sock_filter, eight
// bytes each, in the byte order of the machine. Like seccomp_export_bpf(3).
func (c *Context) ExportBPF(w io.Writer) error {
	program, err := c.AppendBPF(nil)
	if err != nil {
		return err
	}
	_, err = w.Write(program)
	return err
}

// AppendBPF appends what ExportBPF writes. Like seccomp_export_bpf_mem(3).
func (c *Context) AppendBPF(to []byte) ([]byte, error) {
	p, err := c.Program()
	if err != nil {
		return to, err
	}
	return p.Append(to, bpf.NativeOrder()), nil
}

// Rules is the meaning of the context: what a program must do with every call.
func (c *Context) Rules() *policy.Rules {
	r := &policy.Rules{Else: c.attrs.badArch.verdict()}
	for _, f := range c.filters {
		r.Arches = append(r.Arches, &policy.ArchRules{Arch: f.arch.abi, Lists: []policy.List{c.list(f)}})
	}
	if more := c.sharing(); more != nil {
		r.Arches = append(r.Arches, more)
	}
	return r
}

// list is the rules of one architecture. What none of them decides gets the
// default action.
func (c *Context) list(f *filter) policy.List {
	l := lister{list: c.foreign(f)}
	for _, d := range f.calls {
		switch {
		case !d.valid || d.nr < 0 && (d.nr != numberError || !c.attrs.skip):
		case d.chains == nil:
			l.always(d)
		default:
			l.number = numbers(uint32(d.nr), uint32(d.nr))
			l.level(d.chains, nil)
		}
	}
	return append(l.list, &policy.RuleMatch{Verdict: c.attrs.defaultAction.verdict(), Numbers: numbers(0, math.MaxUint32), Text: "*"})
}

func numbers(low, high uint32) []policy.Range {
	return []policy.Range{{Low: uint64(low), High: uint64(high)}}
}

// foreign is what an x86_64 context does with numbers that are no x86_64 call's
// nor an x32 one's: those from 2^31 on without bit 30.
func (c *Context) foreign(f *filter) policy.List {
	if f.arch.token != X86_64 || c.indexOf(X32) >= 0 {
		return nil
	}
	return policy.List{{Verdict: c.attrs.badArch.verdict(), Numbers: numbers(1<<31, 3<<30-1), Text: "*"}}
}

// sharing is the rules for the ABI with the same audit arch as one in the
// context, if only one of them is there. Its calls are a bad architecture's,
// but that x86_64 lets a tracer skip a call, and that x32 owns all numbers from
// 2^30 on.
func (c *Context) sharing() *policy.ArchRules {
	bad, standard := c.attrs.badArch.verdict(), c.attrs.defaultAction.verdict()
	other := func(name string, list policy.List) *policy.ArchRules {
		return &policy.ArchRules{Arch: known(name), Lists: []policy.List{list}}
	}
	switch wide, narrow := c.indexOf(X86_64) >= 0, c.indexOf(X32) >= 0; {
	case wide && !narrow:
		skip := standard
		if _, d := c.filters[c.indexOf(X86_64)].at(numberError); d != nil && d.valid && d.chains == nil && c.attrs.skip {
			skip = d.action.verdict()
		}
		return other("x32", policy.List{
			{Verdict: skip, Numbers: numbers(math.MaxUint32, math.MaxUint32), Text: "*"},
			{Verdict: bad, Numbers: numbers(0, math.MaxUint32), Text: "*"},
		})
	case narrow && !wide:
		return other("x86_64", policy.List{
			{Verdict: standard, Numbers: numbers(1<<31, 3<<30-1), Text: "*"},
			{Verdict: bad, Numbers: numbers(0, math.MaxUint32), Text: "*"},
		})
	}
	return nil
}

// lister makes rules of which the first that matches decides.
type lister struct {
	list    policy.List
	number  []policy.Range               // of the call whose chains are being listed
	without map[Action]*policy.RuleMatch // of the calls without chains, by their action
}

// always adds the number of a call without chains to those with its action.
// Calls come in the order of their numbers.
func (l *lister) always(d *decided) {
	m := l.without[d.action]
	if m == nil {
		m = &policy.RuleMatch{Verdict: d.action.verdict()}
		if l.without == nil {
			l.without = map[Action]*policy.RuleMatch{}
		}
		l.without[d.action] = m
		l.list = append(l.list, m)
	}
	nr := uint64(uint32(d.nr))
	if n := len(m.Numbers); n > 0 && m.Numbers[n-1].High+1 == nr {
		m.Numbers[n-1].High = nr
		return
	}
	m.Numbers = append(m.Numbers, policy.Range{Low: nr, High: nr})
}

// level follows a level from left to right: where a node and what is below it
// decide nothing, its sibling is next.
func (l *lister) level(n *node, conds []policy.Cond) {
	for n = n.first(); n != nil; n = n.next {
		yes, no := n.ranges()
		l.edge(&n.yes, yes, n, conds)
		l.edge(&n.no, no, n, conds)
	}
}

func (l *lister) edge(e *edge, ranges []policy.Range, n *node, conds []policy.Cond) {
	if len(ranges) == 0 || !e.leads() {
		return // it never comes to this
	}
	if n.mask != 0 {
		conds = append(slices.Clip(conds), n.cond(ranges))
	}
	if e.to != nil {
		l.level(e.to, conds)
		return
	}
	l.add(e.action, conds)
}

func (l *lister) add(action Action, conds []policy.Cond) {
	l.list = append(l.list, &policy.RuleMatch{Verdict: action.verdict(), Numbers: l.number, Conds: conds})
}

// cond is a condition on one word of a register.
func (n *node) cond(ranges []policy.Range) policy.Cond {
	c := policy.Cond{Operand: policy.Operand{Reg: int8(n.arg), High: -1, Bits: 32}, Mask: uint64(n.mask), Ranges: ranges, Name: argName(n.arg)}
	if !n.high {
		return c
	}
	c.Operand.Bits, c.Mask = 64, c.Mask<<32
	for i, r := range c.Ranges {
		c.Ranges[i] = policy.Range{Low: r.Low << 32, High: r.High << 32}
	}
	return c
}

// ranges are the values of the word, after masking, for which the comparison
// holds and for which it does not.
func (n *node) ranges() (yes, no []policy.Range) {
	low, high := uint64(n.datum), uint64(n.datum)
	switch n.op {
	case GT:
		low, high = low+1, uint64(n.mask)
	case GE:
		high = uint64(n.mask)
	}
	top := uint64(n.mask)
	if low > high {
		return nil, []policy.Range{{Low: 0, High: top}}
	}
	yes = []policy.Range{{Low: low, High: high}}
	if low > 0 {
		no = append(no, policy.Range{Low: 0, High: low - 1})
	}
	if high < top {
		no = append(no, policy.Range{Low: high + 1, High: top})
	}
	return yes, no
}

func argName(arg uint8) string { return "arg" + string('0'+rune(arg)) }
