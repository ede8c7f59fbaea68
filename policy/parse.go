package policy

import (
	"slices"
	"strings"
)

// Parse reads a policy's text. The name stands in the places of errors. What
// is wrong with the text comes back as an ErrorList, all of it at once, beside
// what could be understood; nothing may be built on a File with errors.
func Parse(name string, src []byte) (*File, error) {
	p := &parser{lexer: lexer{file: name, line: 1}}
	f := &File{Name: name}
	text := strings.TrimPrefix(string(src), string(byteOrderMark))
	if !checkText(name, []byte(text), p.report) {
		return f, p.errors()
	}
	p.src = text
	p.tok = p.next()
	f.Stmts = p.file()
	f.End = p.rest(len(f.Stmts) == 0)
	return f, p.errors()
}

// parser builds the syntax by recursive descent, looking one token ahead.
// After an error it goes on with the next statement, so that one reading finds
// all that is wrong.
type parser struct {
	lexer
	tok    token   // the one that is looked at
	prev   token   // the one before
	blocks []frame // the blocks that are open here
	begun  bool    // a statement has been read
	lost   bool    // the statement broke off: what follows up to the next one is skipped
	hints  int     // searches made for what a mistyped word was meant to be
	errs   ErrorList
	more   int // errors beyond those kept
}

// frame is an open block.
type frame struct {
	in   context
	head token // the keyword that it belongs to
}

func (p *parser) advance() {
	p.prev = p.tok
	p.tok = p.next()
}

func (p *parser) pos(t token) Pos { return Pos{p.lexer.file, t.line, t.col} }

// fail notes what is wrong at a token.
func (p *parser) fail(t token, what, want, hint string) {
	p.report(&Error{Pos: p.pos(t), What: what, Want: want, Hint: hint})
}

// lose notes what is wrong at a token, and that the statement ends here.
func (p *parser) lose(t token, what, want, hint string) {
	p.fail(t, what, want, hint)
	p.lost = true
}

// report keeps an error, up to ten times as many as will be listed, as they
// are still to be sorted.
func (p *parser) report(e *Error) {
	if len(p.errs) >= 10*maxErrors {
		p.more++
		return
	}
	p.errs = append(p.errs, e)
}

// errors is what Parse returns: of several errors at one place the first, as
// the others follow from it.
func (p *parser) errors() error {
	p.errs.Sort()
	list := slices.CompactFunc(p.errs, func(a, b *Error) bool { return a.Pos == b.Pos })
	return list.cut(p.more).Err()
}

// found is a token for errors.
func found(t token) string {
	switch t.kind {
	case endToken:
		return "the end of the text"
	case stringToken:
		return quote(strings.Trim(t.text, `"`))
	}
	return quote(t.text)
}

// foundWord is the whole word that a token begins, for errors where no
// notation was wanted.
func (p *parser) foundWord(t token) string {
	end := p.wordEnd(t.off, ",;()=")
	if t.kind == stringToken || end <= t.stop {
		return found(t)
	}
	return quote(p.src[t.off:end])
}

// file reads the statements at the top.
func (p *parser) file() []Stmt {
	p.blocks = append(p.blocks, frame{in: inFile})
	list := p.statements()
	for p.tok.is("}") {
		p.fail(p.tok, "this } closes nothing", "", "remove it, or look for a { that is missing above")
		p.advance()
		list = append(list, p.statements()...)
	}
	return list
}

// statements reads up to the end of the block, its brace not included.
func (p *parser) statements() []Stmt {
	var list []Stmt
	for p.tok.kind != endToken && !p.tok.is("}") && !p.outdented() {
		before := p.tok.off
		if s := p.statement(len(list) == 0); s != nil {
			list = append(list, s)
		}
		if p.tok.off == before { // cannot be, but a loop without end would be worse
			p.advance()
		}
	}
	return list
}

// outdented reports a statement that has no place in this block but in the
// one around it, and stands no further to the right than this block's head:
// then the closing brace is what is missing.
func (p *parser) outdented() bool {
	n := len(p.blocks)
	if n < 2 || !p.tok.first {
		return false
	}
	block, around := p.blocks[n-1], p.blocks[n-2]
	k, ok := statement(p.tok.text)
	return ok && block.head.first && p.tok.col <= block.head.col && k.in&block.in == 0 && k.in&around.in != 0
}

// in is the kind of the innermost block.
func (p *parser) in() context { return p.blocks[len(p.blocks)-1].in }

// statement reads one statement with its comments, or skips what is none.
func (p *parser) statement(first bool) Stmt {
	n := node{Pos: p.pos(p.tok)}
	p.lead(&n.Comments, first)
	k, ok := p.keyword()
	if !ok {
		p.unknown(first)
		return nil
	}
	if k.in&p.in() == 0 {
		p.misplaced(k)
	}
	head := p.tok
	s := p.parse(k.name, n)
	if p.lost {
		p.sync(head)
	}
	p.finish(s.comments())
	p.begun = true
	return s
}

// keyword is the one that the text goes on with, also if it is mistyped.
func (p *parser) keyword() (keyword, bool) {
	if p.tok.kind != nameToken {
		return keyword{}, false
	}
	if k, ok := lineIn(p.tok.text, p.in()); ok {
		return k, true
	}
	if k, ok := statement(p.tok.text); ok {
		return k, true
	}
	k, ok := p.mistyped(p.tok)
	if ok {
		p.tok.text = k.name
	}
	return k, ok
}

// parse reads the statement of a keyword, which is looked at.
func (p *parser) parse(name string, n node) Stmt {
	head := p.tok
	if _, ok := verdictKind(name); ok {
		return p.rule(n)
	}
	p.advance()
	switch name {
	case "language":
		return p.language(n)
	case "policy":
		return &Name{n, p.name("the policy's name")}
	case "arch":
		return p.arch(n, head)
	case "default":
		return &Default{n, p.verdict()}
	case "newer":
		return p.newer(n)
	case "param":
		return p.param(n)
	case "include":
		return p.include(n)
	case "set":
		return p.set(n, head)
	case "strict":
		return &Strict{n}
	}
	if s := p.parseLine(name, n, head); s != nil {
		return s
	}
	return p.parseBlock(name, n, head)
}
