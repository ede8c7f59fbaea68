// Package policytest draws random policies for property tests.
package policytest

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/narrow-sandbox/narrow/abi"
	"github.com/narrow-sandbox/narrow/policy"
)

// Options bound what Text draws. The zero value draws small policies of every
// kind.
type Options struct {
	Arches []*abi.Arch // those that a policy may be for; all if empty
	Rules  int         // at most so many calls in a block; 6 if 0
	Phases int         // at most so many phases; 3 if 0
	Blocks bool        // files and network blocks, too
}

// Text draws the text of a policy that resolves without errors: several
// architectures, sets, params, phases and threads, conditions of every operator
// on arguments of every width with values at the edges.
func Text(o Options) *rapid.Generator[string] {
	if len(o.Arches) == 0 {
		o.Arches = abi.Arches()
	}
	if o.Rules == 0 {
		o.Rules = 6
	}
	if o.Phases == 0 {
		o.Phases = 3
	}
	return rapid.Custom(func(t *rapid.T) string {
		w := writer{T: t, options: o}
		w.policy()
		return w.text.String()
	})
}

// Rules draws the rules of a thread of some policy that Text draws.
func Rules(o Options) *rapid.Generator[*policy.Rules] {
	return rapid.Custom(func(t *rapid.T) *policy.Rules {
		text := Text(o).Draw(t, "policy")
		p, err := policy.Load("drawn", []byte(text), policy.Options{})
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		ph := p.Phases[rapid.IntRange(0, len(p.Phases)-1).Draw(t, "phase")]
		if class := rapid.IntRange(0, len(ph.Classes)).Draw(t, "thread"); class > 0 {
			return ph.Classes[class-1].Rules
		}
		return ph.Wide()
	})
}

// writer writes one policy.
type writer struct {
	*rapid.T
	options Options
	text    strings.Builder
	arches  []*abi.Arch
	sets    []string
}

func (w *writer) line(format string, args ...any) { fmt.Fprintf(&w.text, format+"\n", args...) }

// upTo draws 0..n.
func (w *writer) upTo(n int, what string) int { return rapid.IntRange(0, n).Draw(w.T, what) }

// one draws one of several.
func one[E any](w *writer, what string, of ...E) E { return rapid.SampledFrom(of).Draw(w.T, what) }

func (w *writer) policy() {
	var all, names []string // by name, as a failure would print the tables of an Arch
	for _, a := range w.options.Arches {
		all = append(all, a.Name)
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, min(3, len(all)), rapid.ID).Draw(w.T, "arches") {
		a, _ := abi.ByName(name)
		w.arches, names = append(w.arches, a), append(names, name)
	}
	w.line("language 1\npolicy drawn")
	w.line("arch %s else %s", strings.Join(names, ", "), w.verdict())
	w.line("default %s", w.verdict())
	if w.upTo(1, "newer") == 1 {
		w.line("newer %s than linux %d.%d", w.verdict(), one(w, "major", 3, 5, 6), w.upTo(18, "minor"))
	}
	w.line("param yes = yes\nparam no = no\nparam three = 3")
	for range w.upTo(2, "sets") {
		name := fmt.Sprintf("@drawn%d", len(w.sets))
		w.line("set %s { %s }", name, w.calls())
		w.sets = append(w.sets, name)
	}
	w.rules()
	if w.options.Blocks {
		w.blocks()
	}
	for i := range w.upTo(w.options.Phases, "phases") {
		w.phase(i)
	}
}

func (w *writer) phase(i int) {
	w.line("phase p%d {", i)
	w.rules()
	for j := range w.upTo(2, "threads") {
		w.line("thread %s {", [...]string{"main", "work*"}[j])
		w.rules()
		w.line("}")
	}
	w.line("}")
}

// blocks draws a files and a network block for the top.
func (w *writer) blocks() {
	if w.upTo(1, "files") == 1 {
		w.line("files { read /etc write /tmp execute /usr }")
	}
	if w.upTo(1, "network") == 1 {
		w.line("network { %s }", strings.Join(rapid.SliceOfDistinct(rapid.SampledFrom([]string{"bind tcp 80", "connect tcp any", "udp", "unix"}), rapid.ID).Draw(w.T, "lines"), " "))
	}
}

// rules draws rules, some within a `when`.
func (w *writer) rules() {
	for range w.upTo(3, "rules") {
		rule := w.verdict() + " " + w.calls()
		switch w.upTo(5, "when") {
		case 0:
			w.line("when $yes { %s }", rule)
		case 1:
			w.line("when $no { %s }", rule)
		default:
			w.line("%s", rule)
		}
	}
}

func (w *writer) verdict() string {
	return one(w, "verdict", "allow", "allow", "allow", "log", "trace", "trace 7", "notify", "errno EPERM", "errno ENOSYS", "errno 4095", "trap", "trap 65535", "kill-thread", "kill-process")
}

// calls draws calls and sets, at least one.
func (w *writer) calls() string {
	list := []string{w.call()}
	for range w.upTo(w.options.Rules-1, "calls") {
		list = append(list, w.call())
	}
	return strings.Join(list, " ")
}

// call draws a call; the same few come again and again, so that rules overlap.
func (w *writer) call() string {
	switch w.upTo(11, "kind") {
	case 0:
		return "*"
	case 1:
		return fmt.Sprintf("syscall_%d%s", one(w, "number", 0, 1, 2, 3, 400, 1007, 0x3fffffff)|int(w.arches[0].NumberBit), w.rawConds())
	case 2:
		return one(w, "shipped", "@basic-io", "@network-io", "@open-read", "@memory", "@threading", "@stat")
	case 3:
		if len(w.sets) > 0 {
			return one(w, "set", w.sets...)
		}
	case 4:
		calls := w.arches[w.upTo(len(w.arches)-1, "arch")].Calls()
		return w.conditional(calls[w.upTo(len(calls)-1, "any call")].Name)
	}
	return w.conditional(one(w, "call", "read", "write", "write", "socket", "openat", "mmap", "lseek", "accept4", "close", "pread64", "fcntl", "mprotect", "prctl"))
}

// conditional is a call with conditions on arguments that every architecture
// of the policy has, if it has any.
func (w *writer) conditional(name string) string {
	args := w.common(name)
	if args == nil {
		return "read" // all have it
	}
	var conds []string
	for range w.upTo(2, "conditions") {
		if len(args) > 0 {
			conds = append(conds, w.cond(one(w, "argument", args...)))
		}
	}
	if len(conds) == 0 {
		return name
	}
	return name + "(" + strings.Join(conds, ", ") + ")"
}

// common is the arguments that the call has on all architectures which have
// the call, each with its least width; nil if none has it.
func (w *writer) common(name string) []abi.Arg {
	var args []abi.Arg
	found := false
	for _, a := range w.arches {
		call, ok := a.Call(name)
		switch {
		case !ok:
		case !found:
			found = true
			args = narrower(call.Args, call)
		default:
			args = narrower(args, call)
		}
	}
	return args
}

// narrower keeps the arguments that the call has, too, but for those whose
// width depends on another argument.
func narrower(args []abi.Arg, call *abi.Syscall) []abi.Arg {
	kept := []abi.Arg{}
	for _, g := range args {
		if h, ok := call.Arg(g.Name); ok && !decided(call, h) && h.Pointer == g.Pointer && h.Signed == g.Signed {
			g.Bits = min(g.Bits, h.Bits)
			kept = append(kept, g)
		}
	}
	return kept
}

func decided(call *abi.Syscall, g *abi.Arg) bool {
	_, ok := call.Decider(g)
	return ok
}

// cond draws a condition on an argument.
func (w *writer) cond(g abi.Arg) string {
	if g.Pointer {
		return g.Name + one(w, "null", " == NULL", " != NULL")
	}
	all := ^uint64(0) >> (64 - g.Bits)
	mask, left := all, g.Name
	if w.upTo(2, "masked") == 0 {
		mask = w.bits(all)
		if g.Signed {
			mask &= all >> 1 // a negative number has more bits where the argument is wider
		}
		left = fmt.Sprintf("%s & %#x", g.Name, mask)
	}
	switch op := one(w, "operator", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "has", "lacks", "only"); op {
	case "has", "lacks", "only":
		return fmt.Sprintf("%s %s %#x", left, op, w.bits(all)&mask)
	case "in", "not in":
		return fmt.Sprintf("%s %s {%s}", left, op, w.list(g, mask))
	default:
		return fmt.Sprintf("%s %s %s", left, op, number(g, mask, w.bits(all)))
	}
}

// list draws values and ranges of them.
func (w *writer) list(g abi.Arg, mask uint64) string {
	var list []string
	all := ^uint64(0) >> (64 - g.Bits)
	for range 1 + w.upTo(2, "entries") {
		a, b := w.bits(all)&mask, w.bits(all)&mask
		if less(g, mask, b, a) {
			a, b = b, a
		}
		if w.upTo(1, "range") == 0 {
			b = a
		}
		if a == b {
			list = append(list, number(g, mask, a))
		} else {
			list = append(list, number(g, mask, a)+".."+number(g, mask, b))
		}
	}
	return strings.Join(list, ", ")
}

// signed reports whether an argument's masked value is: if its sign is kept.
func signed(g abi.Arg, mask uint64) bool { return g.Signed && mask>>(g.Bits-1)&1 == 1 }

func less(g abi.Arg, mask, a, b uint64) bool {
	if signed(g, mask) {
		return g.Int(a) < g.Int(b)
	}
	return a < b
}

// number is bits as the language writes them for the argument.
func number(g abi.Arg, mask, bits uint64) string {
	bits &= mask
	if signed(g, mask) {
		return fmt.Sprint(g.Int(bits))
	}
	return fmt.Sprintf("%#x", bits)
}

// bits draws a value within some bits, mostly at an edge.
func (w *writer) bits(within uint64) uint64 {
	v := rapid.OneOf(
		rapid.SampledFrom([]uint64{0, 1, 2, 3, 7, 8, 0xff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1 << 63, ^uint64(0)}),
		rapid.Uint64(),
	).Draw(w.T, "bits")
	return v & within
}

// rawConds draws a condition on a register, or none.
func (w *writer) rawConds() string {
	if w.upTo(1, "raw") == 0 {
		return ""
	}
	return fmt.Sprintf("(arg%d %s %d)", w.upTo(5, "register"), one(w, "operator", "==", "!=", "<", ">", "has"), w.upTo(9, "value"))
}
