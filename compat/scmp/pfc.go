package scmp

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ExportPFC writes the context as pseudo code, in the form of
// seccomp_export_pfc(3).
func (c *Context) ExportPFC(w io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	p := &pfc{w: bufio.NewWriter(w)}
	p.line(0, "#\n# pseudo filter code start\n#")
	for _, f := range c.filters {
		p.filter(f, c.attrs.optimize == 2)
		p.line(1, "# default action")
		p.line(1, c.attrs.defaultAction.pfc())
	}
	p.line(0, "# invalid architecture action")
	p.line(0, c.attrs.badArch.pfc())
	p.line(0, "#\n# pseudo filter code end\n#")
	return p.w.Flush()
}

// pfc writes pseudo code; bufio.Writer keeps the first error.
type pfc struct{ w *bufio.Writer }

func (p *pfc) line(depth int, format string, args ...any) {
	fmt.Fprintf(p.w, strings.Repeat("  ", depth)+format+"\n", args...)
}

// pfc is the action as pseudo code.
func (a Action) pfc() string {
	switch kind, data := a.split(); kind {
	case KillProcess:
		return "action KILL_PROCESS;"
	case KillThread:
		return "action KILL;"
	case Trap:
		return "action TRAP;"
	case Errno:
		return fmt.Sprintf("action ERRNO(%d);", data)
	case Trace:
		return fmt.Sprintf("action TRACE(%d);", data)
	case Log:
		return "action LOG;"
	case Allow:
		return "action ALLOW;"
	}
	return fmt.Sprintf("action 0x%x;", uint32(a))
}

// weight orders the calls: by the priority that was set, then the fewer nodes
// the better.
func (d *decided) weight() int {
	seen := map[*node]bool{}
	d.chains.count(seen)
	return int(d.priority)<<16 | 0xffff - len(seen)
}

// filter writes the rules of one architecture.
func (p *pfc) filter(f *filter, tree bool) {
	var calls []*decided
	for _, d := range f.calls {
		if d.valid {
			calls = append(calls, d)
		}
	}
	slices.Reverse(calls)
	if !tree {
		slices.SortStableFunc(calls, func(a, b *decided) int { return cmp.Compare(b.weight(), a.weight()) })
	}
	p.line(0, "# filter for arch %s (%d)", f.arch.name, f.arch.abi.Audit)
	p.line(0, "if ($arch == %d)", f.arch.abi.Audit)
	if tree {
		p.tree(f.arch, calls)
		return
	}
	for _, d := range calls {
		p.call(f.arch, d, 1)
	}
}

// perLeaf is how many calls stand together at the bottom of the binary tree.
const perLeaf = 4

// tree writes the calls as a binary tree over their numbers, highest first.
func (p *pfc) tree(a *arch, calls []*decided) {
	levels := 1
	for perLeaf<<(levels-1) < len(calls) {
		levels++
	}
	depth := 1
	for i, d := range calls {
		for l := levels - 1; l > 0; l-- {
			switch span := perLeaf << l; {
			case i%span == 0:
				if i+span/2 < len(calls) {
					p.line(depth, "if ($syscall > %d)", uint32(calls[i+span/2].nr))
					depth++
				}
			case i%(span/2) == 0:
				p.line(depth-1, "else # ($syscall <= %d)", uint32(d.nr))
			}
		}
		p.call(a, d, depth)
		for l := range levels {
			if (i+1)%(perLeaf*2<<l) == 0 {
				depth--
			}
		}
	}
}

// call writes what is decided about one call.
func (p *pfc) call(a *arch, d *decided, depth int) {
	name := a.nameOf(d.nr)
	if name == "" {
		name = "UNKNOWN"
	}
	p.line(depth, `# filter for syscall "%s" (%d) [priority: %d]`, name, uint32(d.nr), d.weight())
	p.line(depth, "if ($syscall == %d)", uint32(d.nr))
	if d.chains == nil {
		p.line(depth+1, "%s", d.action.pfc())
		return
	}
	p.level(a, d.chains, depth+1)
}

// level writes nodes beside each other.
func (p *pfc) level(a *arch, n *node, depth int) {
	for n = n.first(); n != nil; n = n.next {
		p.line(depth, "if (%s %s %d)", n.operand(a), n.operator(), n.datum)
		p.edge(a, &n.yes, depth+1)
		if n.no.leads() {
			p.line(depth, "else")
			p.edge(a, &n.no, depth+1)
		}
	}
}

func (p *pfc) edge(a *arch, e *edge, depth int) {
	switch {
	case e.acts:
		p.line(depth, "%s", e.action.pfc())
	case e.to != nil:
		p.level(a, e.to, depth)
	}
}

func (n *node) operand(a *arch) string {
	switch {
	case !a.wide():
		return fmt.Sprintf("$a%d", n.arg)
	case n.high:
		return fmt.Sprintf("$a%d.hi32", n.arg)
	}
	return fmt.Sprintf("$a%d.lo32", n.arg)
}

func (n *node) operator() string {
	switch n.op {
	case GE:
		return ">="
	case GT:
		return ">"
	case MaskedEQ:
		return fmt.Sprintf("& 0x%.8x ==", n.mask)
	}
	return "=="
}
