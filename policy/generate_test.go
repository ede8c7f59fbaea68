package policy

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// anyFile draws Files that Parse could have made, with all that the language
// has: what the properties of Format are checked on.
func anyFile() *rapid.Generator[*File] {
	return rapid.Custom(func(t *rapid.T) *File {
		g := fileGen{t}
		f := &File{Name: "random.narrow"}
		if g.maybe("language") {
			s := &Language{node: g.node(), Version: Word{Text: "1"}}
			f.Stmts = append(f.Stmts, s)
		}
		f.Stmts = append(f.Stmts, g.block(inFile, 0)...)
		f.End = g.comments(2)
		return f
	})
}

type fileGen struct{ t *rapid.T }

func (g fileGen) maybe(what string) bool { return rapid.Bool().Draw(g.t, what) }

func (g fileGen) rarely(what string) bool { return rapid.IntRange(0, 7).Draw(g.t, what) == 0 }

func (g fileGen) pick(of ...string) string { return rapid.SampledFrom(of).Draw(g.t, "pick") }

func (g fileGen) match(expr string) string { return rapid.StringMatching(expr).Draw(g.t, expr) }

func (g fileGen) count(most int) int { return rapid.IntRange(0, most).Draw(g.t, "count") }

func (g fileGen) comment() Comment {
	return Comment{Text: strings.TrimRight("#"+g.match(`[ a-zé#"{}]{0,20}`), " "), Blank: g.rarely("blank")}
}

func (g fileGen) comments(most int) []Comment {
	var list []Comment
	for range g.count(most) {
		list = append(list, g.comment())
	}
	return list
}

func (g fileGen) trail() *Comment {
	if !g.rarely("trail") {
		return nil
	}
	c := g.comment()
	c.Blank = false
	return &c
}

func (g fileGen) notes() Comments {
	c := Comments{Blank: g.rarely("blank"), Gap: g.rarely("gap")}
	if g.rarely("lead") {
		c.Lead = g.comments(2)
	}
	return c
}

// node is a statement's without braces.
func (g fileGen) node() node {
	c := g.notes()
	c.Trail = g.trail()
	return node{Comments: c}
}

// braced is a node with braces; one on one line has no comments inside.
func (g fileGen) braced() node {
	n := g.node()
	n.OneLine = g.maybe("one line")
	n.AfterEnd = g.trail()
	if g.rarely("before end") {
		n.BeforeEnd = g.comments(2)
	}
	return n
}

// entry is the comments of the i-th of n entries that may all have some.
func (g fileGen) entry(i int, last bool) Comments {
	if i == 0 {
		return Comments{Trail: g.between(last)}
	}
	c := g.notes()
	c.Newline = g.maybe("newline")
	c.Trail = g.between(last)
	return c
}

// between is the comment behind an entry; behind the last it is the statement's.
func (g fileGen) between(last bool) *Comment {
	if last {
		return nil
	}
	return g.trail()
}

func (g fileGen) name() Word {
	return Word{Text: g.match(`[a-z0-9_][a-z0-9_-]{0,8}`)}
}

// raw is a word of any kind, in quotes where it needs them.
func (g fileGen) raw(expr string) Word {
	if g.rarely("quoted") {
		return Word{Text: rapid.StringN(1, 12, 40).Filter(func(s string) bool { return !strings.Contains(s, "\x00") }).Draw(g.t, "string"), Quoted: true}
	}
	return Word{Text: g.match(expr)}
}

func (g fileGen) words(expr string) []Word {
	list := make([]Word, 1+g.count(6))
	for i := range list {
		list[i] = g.raw(expr)
		list[i].Comments = noted(g.entry(i, i == len(list)-1))
	}
	return list
}

func (g fileGen) paths() []Word {
	list := g.words(`[/$][a-z/.é()<>=]{0,12}`)
	for i := range list {
		if list[i].Quoted {
			list[i].Text = "/" + list[i].Text
		}
		if g.rarely("optional") && !strings.HasSuffix(list[i].Text, "?") {
			list[i].Text += "?"
		}
	}
	return list
}

func (g fileGen) thread() Word {
	if g.rarely("quoted") {
		return Word{Text: g.match(`[ a-z#{}"é]{1,7}`), Quoted: true}
	}
	return Word{Text: g.match(`[a-z][a-z-]{0,6}[*?]?(\[[a-z]\])?`)}
}

func (g fileGen) term() Term {
	return Term{Text: g.pick("0", "1", "-1", "0x1f", "017", "0b11", "18446744073709551615", "AF_INET", "-EPERM", "$port", "NULL")}
}

func (g fileGen) value() *ValueExpr {
	v := &ValueExpr{Terms: []Term{g.term()}}
	for range g.count(2) {
		v.Terms = append(v.Terms, g.term())
	}
	return v
}

func (g fileGen) cond() *CondExpr {
	c := &CondExpr{
		Arg: Word{Text: g.pick("fd", "flags", "arg0", "policy", "in", "not", "has")},
		Op:  Op(rapid.IntRange(0, len(opNames)-1).Draw(g.t, "op")),
	}
	if g.rarely("mask") {
		c.Mask = g.value()
	}
	n := 1
	if c.Op == In || c.Op == NotIn {
		n += g.count(12)
	}
	for range n {
		r := RangeExpr{Low: g.value()}
		if (c.Op == In || c.Op == NotIn) && g.rarely("range") {
			r.High = g.value()
		}
		c.List = append(c.List, r)
	}
	return c
}

func (g fileGen) call() *CallExpr {
	c := &CallExpr{Name: g.pick("*", "@reply", "read", "write", "epoll_wait", "syscall_0x3ef", "sched_setscheduler", "process_vm_readv", "name-with-dashes")}
	if c.Name[0] != '*' && c.Name[0] != '@' && g.rarely("conds") {
		for range 1 + g.count(3) {
			c.Conds = append(c.Conds, g.cond())
		}
	}
	return c
}

func (g fileGen) calls() []*CallExpr {
	list := make([]*CallExpr, 1+g.count(14))
	for i := range list {
		list[i] = g.call()
		list[i].Comments = g.entry(i, i == len(list)-1)
	}
	return list
}

// setCalls may have comments above the first and behind the last one, too.
func (g fileGen) setCalls() []*CallExpr {
	list := g.calls()[g.count(1):]
	if len(list) > 0 {
		list[0].Lead = g.comments(1)
		list[len(list)-1].Trail = g.trail()
	}
	return list
}

func (g fileGen) verdict() VerdictExpr {
	v := VerdictExpr{Kind: Kind(rapid.IntRange(0, len(kindNames)-1).Draw(g.t, "kind"))}
	number := &ValueExpr{Terms: []Term{{Text: g.pick("7", "0x10", "$n")}}}
	switch {
	case v.Kind == Errno && g.maybe("number"), (v.Kind == Trap || v.Kind == Trace) && g.maybe("number"):
		v.Data = number
	case v.Kind == Errno:
		v.Data = &ValueExpr{Terms: []Term{{Text: g.pick("EPERM", "ENOSYS", "E2BIG")}}}
	}
	return v
}

func (g fileGen) block(in context, depth int) []Stmt {
	var list []Stmt
	most := 6
	if depth > 2 {
		most = 2
	}
	for range g.count(most) {
		var names []string
		for _, name := range keywordsIn(in) {
			braced := !strings.Contains(" set phase thread test process files network label when ", " "+name+" ")
			if name != "language" && (depth < 4 || braced) {
				names = append(names, name)
			}
		}
		list = append(list, g.statement(g.pick(names...), in, depth))
	}
	return list
}

func (g fileGen) statement(name string, in context, depth int) Stmt {
	if in&(inLines|inLabel) != 0 && name != "when" {
		return g.line(name)
	}
	switch name {
	case "policy":
		return &Name{g.node(), g.name()}
	case "arch":
		s := &ArchLine{node: g.node(), Arches: g.words(`[a-z]+[0-9]{2}`)}
		if g.maybe("else") {
			v := g.verdict()
			s.Else = &v
		}
		return s
	case "default":
		return &Default{g.node(), g.verdict()}
	case "newer":
		return &Newer{g.node(), g.verdict(), Word{Text: g.pick("6.12", "5.4")}}
	case "param":
		return &Param{g.node(), g.name(), g.raw(`[a-z0-9/$.:|@*?=<>()-]{1,12}`)}
	case "include":
		w := g.raw(`[a-z/]{1,5}\.narrow`)
		w.Quoted = true
		return &Include{g.node(), w}
	case "set":
		s := &SetDecl{node: g.braced(), Name: Word{Text: "@" + g.match(`[a-z_][a-z0-9-]{0,5}`)}, Calls: g.setCalls()}
		if len(s.Calls) == 0 && len(s.BeforeEnd) > 0 {
			s.BeforeEnd[0].Blank = false
		}
		return s
	case "strict":
		return &Strict{g.node()}
	case "when", "phase", "thread", "test", "process", "files", "network", "label":
		return g.blockStatement(name, in, depth+1)
	}
	return &Rule{node: g.node(), Verdict: g.verdict(), Calls: g.calls()}
}

func (g fileGen) blockStatement(name string, in context, depth int) Stmt {
	n := g.braced()
	switch name {
	case "phase":
		s := &Phase{node: n, Name: g.name(), Block: g.block(inPhase, depth)}
		if g.maybe("after") {
			s.After = &TriggerExpr{Ready: g.maybe("ready")}
			if !s.After.Ready {
				s.After.Call, s.After.Thread = g.call(), g.thread()
			}
		}
		return s
	case "thread":
		return &Thread{n, g.thread(), g.block(inThread, depth)}
	case "test":
		s := &Test{node: n, Phase: g.name(), Block: g.block(inTest, depth)}
		if g.maybe("in") {
			thread := g.thread()
			s.Thread = &thread
		}
		return s
	case "process":
		return &Process{n, g.block(inProcess, depth)}
	case "files":
		return &Files{n, g.block(inFiles, depth)}
	case "network":
		return &Network{n, g.block(inNetwork, depth)}
	case "label":
		return &Label{n, g.block(inLabel, depth)}
	}
	if in == inFile {
		in = inWhen
	}
	return &When{n, Word{Text: "$" + g.match(`[a-z_][a-z0-9]{0,5}`)}, g.block(in, depth)}
}

func (g fileGen) line(name string) Stmt {
	n, key := g.node(), Word{Text: name}
	switch name {
	case "read", "write", "execute":
		return &Access{n, key, g.paths()}
	case "bind", "connect":
		return &Endpoint{n, key, Word{Text: g.pick("tcp", "udp")}, g.words(`[1-9][0-9.:]{0,20}|any|\$port`)}
	case "udp", "unix":
		return &Endpoint{node: n, Proto: key}
	case "user", "group":
		return &Setting{n, key, []Word{g.raw(`[a-z0-9]{1,6}`)}}
	case "capabilities", "descriptors":
		return &Setting{n, key, g.words(`[A-Z0-9.]{1,6}`)}
	case "memory":
		return &Setting{n, key, []Word{{Text: writeXorExecute}}}
	case "rlimit":
		return &Setting{n, key, []Word{g.raw(`[A-Z]{1,6}`), g.raw(`[1-9]{1,6}`)}}
	case "apparmor", "selinux", "smack", "tomoyo":
		list := make([]Word, 1+g.count(2))
		for i := range list {
			list[i] = g.raw(`[A-Z0-9/<>:,_$]{1,8}`)
		}
		return &Setting{n, key, list}
	}
	panic(fmt.Sprintf("no line for %q", name))
}
