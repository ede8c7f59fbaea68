package policy

import "fmt"

// parseBlock reads a statement that has a block, its keyword already read.
func (p *parser) parseBlock(name string, n node, head token) Stmt {
	switch name {
	case "phase":
		return p.phase(n, head)
	case "thread":
		s := &Thread{node: n, Name: p.threadName()}
		s.Block = p.block(&s.Comments, head, inThread)
		return s
	case "test":
		return p.test(n, head)
	case "process":
		s := &Process{node: n}
		s.Block = p.block(&s.Comments, head, inProcess)
		return s
	case "files":
		s := &Files{node: n}
		s.Block = p.block(&s.Comments, head, inFiles)
		return s
	case "network":
		s := &Network{node: n}
		s.Block = p.block(&s.Comments, head, inNetwork)
		return s
	case "label":
		s := &Label{node: n}
		s.Block = p.block(&s.Comments, head, inLabel)
		return s
	}
	return p.when(n, head)
}

// block reads `{ ... }`.
func (p *parser) block(c *Comments, head token, in context) []Stmt {
	open := p.tok
	if !p.open(c, head, in) {
		return nil
	}
	if len(p.blocks) > maxDepth {
		p.fail(open, "blocks too deep", fmt.Sprintf("expected at most %d within each other", maxDepth), "")
		p.skipBlock()
		return nil
	}
	p.blocks = append(p.blocks, frame{in, head})
	list := p.statements()
	p.blocks = p.blocks[:len(p.blocks)-1]
	c.BeforeEnd = p.rest(len(list) == 0)
	p.close(c, open)
	return list
}

// open reads the opening brace. Where it was forgotten but the block's lines
// are there, they are read as if it had not been.
func (p *parser) open(c *Comments, head token, in context) bool {
	if p.tok.is("{") {
		p.lost = false
		p.advance()
		p.finish(c)
		return true
	}
	p.fail(p.tok, "unexpected "+p.foundWord(p.tok), "expected { after "+head.text, "")
	if p.begins(head, in) {
		return true
	}
	p.sync(head)
	return false
}

// begins reports whether a block's first line stands here, plainly meant to be
// in it: no line of the block around, or indented.
func (p *parser) begins(head token, in context) bool {
	if p.tok.kind != nameToken || in == inRubble {
		return false
	}
	if _, ok := lineIn(p.tok.text, in); ok {
		return true
	}
	k, ok := statement(p.tok.text)
	return ok && k.in&in != 0 && (k.in&p.in() == 0 || p.tok.first && p.tok.col > head.col)
}

// close reads the closing brace of the block that open began.
func (p *parser) close(c *Comments, open token) {
	switch {
	case p.tok.is("}"):
		c.OneLine = open.line == p.tok.line
		p.advance()
		c.AfterEnd = p.trail()
	case open.is("{"):
		p.fail(open, "this { is never closed", "expected } before "+found(p.tok), "")
	}
}

// skipBlock skips to the end of a block whose brace has been read.
func (p *parser) skipBlock() {
	for depth := 1; depth > 0 && p.tok.kind != endToken; p.advance() {
		if p.tok.is("{") {
			depth++
		} else if p.tok.is("}") {
			depth--
		}
	}
}

// phase reads `NAME [after TRIGGER] { ... }`.
func (p *parser) phase(n node, head token) Stmt {
	s := &Phase{node: n, Name: p.name("the phase's name")}
	if p.tok.kind == nameToken && p.tok.text == "after" {
		s.After = p.trigger()
	}
	s.Block = p.block(&s.Comments, head, inPhase)
	return s
}

// trigger reads `after ready` or `after CALL in THREAD`; it is nil if it cannot.
func (p *parser) trigger() *TriggerExpr {
	p.advance()
	t := &TriggerExpr{Pos: p.pos(p.tok)}
	if p.tok.kind == nameToken && p.tok.text == "ready" {
		t.Ready = true
		p.advance()
		if p.tok.kind == nameToken && p.tok.text == "in" {
			p.fail(p.tok, `unexpected "in"`, "expected { after ready", "the whole program gets ready, not a thread")
			p.advance()
			p.threadName()
		}
		return t
	}
	const form = "expected `after CALL in THREAD` or `after ready`"
	if !p.atCall() {
		p.fail(p.tok, "unexpected "+found(p.tok), form, "")
		return nil
	}
	t.Call = p.call()
	if p.tok.kind != nameToken || p.tok.text != "in" {
		p.fail(p.tok, "unexpected "+found(p.tok), form, fmt.Sprintf("write `after %s in main` for the program's first thread", t.Call))
		return t
	}
	p.advance()
	t.Thread = p.threadName()
	return t
}

// test reads `PHASE [in THREAD] { ... }`.
func (p *parser) test(n node, head token) Stmt {
	s := &Test{node: n, Phase: p.name("the phase to test")}
	if p.tok.kind == nameToken && p.tok.text == "in" {
		p.advance()
		thread := p.threadName()
		s.Thread = &thread
	}
	s.Block = p.block(&s.Comments, head, inTest)
	return s
}

// when reads `$PARAM { ... }`; its block is of the kind around it.
func (p *parser) when(n node, head token) Stmt {
	s := &When{node: n, Param: p.asWord(p.tok)}
	switch {
	case p.tok.kind == paramToken:
		p.checkName(p.tok)
		p.advance()
	case p.tok.kind == nameToken && p.tok.text == "not":
		p.lose(p.tok, `unexpected "not"`, "expected a param with its $", "add a param that says the opposite")
		return s
	default:
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a param with its $", "write `when $"+p.guess("tls")+" { ... }`")
		if p.tok.kind == nameToken {
			p.advance()
		}
	}
	in := p.in()
	if in == inFile {
		in = inWhen
	}
	s.Block = p.block(&s.Comments, head, in)
	return s
}

// set reads `@NAME { CALL... }`.
func (p *parser) set(n node, head token) Stmt {
	s := &SetDecl{node: n, Name: p.asWord(p.tok)}
	if p.tok.kind == setToken {
		p.checkName(p.tok)
		p.advance()
	} else {
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a set's name with its @", "write `set @"+p.guess("reply")+" { ... }`")
		if p.tok.kind == nameToken {
			p.advance()
		}
	}
	open := p.tok
	switch {
	case p.tok.is("{"):
		p.advance()
		p.finish(&s.Comments)
	case p.atCall() && !p.tok.first:
		p.fail(p.tok, "unexpected "+found(p.tok), "expected { after set", "")
	default:
		p.lose(p.tok, "unexpected "+found(p.tok), "expected { after set", "")
		return s
	}
	s.Calls = p.setCalls(head)
	s.BeforeEnd = p.rest(len(s.Calls) == 0)
	p.close(&s.Comments, open)
	return s
}

// guess is the name that is looked at, or an example.
func (p *parser) guess(example string) string {
	if p.tok.kind == nameToken {
		return shorten(p.tok.text)
	}
	return example
}
