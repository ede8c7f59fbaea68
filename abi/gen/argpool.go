package main

import (
	"fmt"
	"strings"
)

// argPool shares equal argument lists between calls and architectures: there
// are some 5,000 lists and a tenth as many different ones.
type argPool struct {
	names map[string]string // literal to variable
	order []string          // literals, in the order of their names
}

// newArgPool names each list for the first call that has it, in the order of
// calls and then of architectures, so that a new call moves no other's name.
func newArgPool(m *model) *argPool {
	p := &argPool{names: map[string]string{}}
	byCall := map[string][][]arg{}
	for i := range arches {
		for _, c := range m.tables[arches[i].name] {
			byCall[c.name] = append(byCall[c.name], c.args)
		}
	}
	for _, call := range sortedKeys(byCall) {
		n := 0
		for _, args := range byCall[call] {
			literal := argsLiteral(args)
			if _, ok := p.names[literal]; ok || len(args) == 0 {
				continue
			}
			n++
			p.names[literal] = argsVariable(call, n)
			p.order = append(p.order, literal)
		}
	}
	return p
}

// argsVariable names the n-th list of a call: argsOpenat, argsClone2.
func argsVariable(call string, n int) string {
	var b strings.Builder
	for _, word := range strings.Split(call, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	if n > 1 {
		return fmt.Sprintf("args%s_%d", b.String(), n)
	}
	return "args" + b.String()
}

// field is the Args field of a Syscall literal.
func (p *argPool) field(args []arg) string {
	if len(args) == 0 {
		return ""
	}
	return ", Args: " + p.names[argsLiteral(args)]
}

func (p *argPool) file() *file {
	f := newFile("args_gen.go", "data/tracefs.tsv, functions.tsv, entries.tsv, widths.tsv, arggroups.tsv")
	f.printf("// Argument lists, each named for the first call that has it.\nvar (\n")
	for _, literal := range p.order {
		f.printf("%s = []Arg{\n%s}\n", p.names[literal], literal)
	}
	f.printf(")\n")
	return f
}

func argsLiteral(args []arg) string {
	var b strings.Builder
	for _, g := range args {
		fmt.Fprintf(&b, "{Name: %q, Type: %q, Reg: %d, High: %d, Bits: %d", g.name, g.typ.name, g.reg, g.high, g.bits)
		if g.signed {
			b.WriteString(", Signed: true")
		}
		if g.typ.pointer {
			b.WriteString(", Pointer: true")
		}
		if g.group != 0 {
			fmt.Fprintf(&b, ", group: %d", g.group)
		}
		if g.cases != 0 {
			fmt.Fprintf(&b, ", cases: %d", g.cases)
		}
		b.WriteString("},\n")
	}
	return b.String()
}
