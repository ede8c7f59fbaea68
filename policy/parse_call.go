package policy

import "fmt"

// atCall reports whether a call, a set or `*` stands here.
func (p *parser) atCall() bool {
	switch p.tok.kind {
	case setToken:
		return true
	case nameToken:
		_, ok := statement(p.tok.text)
		return !ok
	}
	return p.tok.is("*")
}

// calls reads the calls of a rule, up to the next statement. A word that is
// near to a keyword and begins a line where statements begin is a slip in
// that, and no call.
func (p *parser) calls(stmt *Comments, head token) []*CallExpr {
	var list []*CallExpr
	var notes []Comments
	for p.atCall() {
		if p.tok.first && p.tok.col <= head.col {
			if _, ok := p.mistype(p.tok); ok {
				break
			}
		}
		notes = p.entry(stmt, notes)
		list = append(list, p.call())
		p.endEntry(stmt, notes)
		if p.tok.is(",") {
			p.fail(p.tok, `unexpected ","`, "expected blanks between calls", "remove it")
			p.advance()
		}
	}
	for i, c := range list {
		c.Comments = notes[i]
	}
	return list
}

// setCalls reads the calls of a set, up to its closing brace.
func (p *parser) setCalls(head token) []*CallExpr {
	var list []*CallExpr
	var notes []Comments
	for p.tok.kind != endToken && !p.tok.is("}") {
		_, verdict := verdictKind(p.tok.text)
		switch {
		case p.tok.first && p.tok.col <= head.col && p.atKeyword():
			return withCallNotes(list, notes)
		case p.atCall():
			notes = p.entry(nil, notes)
			list = append(list, p.call())
			p.endEntry(nil, notes)
			continue
		case verdict:
			p.fail(p.tok, p.tok.text+" in a set", "expected calls and sets only", "put the verdict where the set is used")
		case p.atKeyword():
			return withCallNotes(list, notes)
		case p.tok.is(","):
			p.fail(p.tok, `unexpected ","`, "expected blanks between calls", "remove it")
		default:
			p.fail(p.tok, "unexpected "+p.foundWord(p.tok), "expected calls and sets", "")
		}
		p.advance()
	}
	if t := p.trail(); t != nil && len(notes) > 0 {
		notes[len(notes)-1].Trail = t
	}
	return withCallNotes(list, notes)
}

func withCallNotes(list []*CallExpr, notes []Comments) []*CallExpr {
	for i, c := range list {
		c.Comments = notes[i]
	}
	return list
}

// call reads `NAME`, `NAME(CONDITION, ...)`, `@SET` or `*`.
func (p *parser) call() *CallExpr {
	c := &CallExpr{Pos: p.pos(p.tok), Name: p.tok.text}
	plain := p.tok.kind != nameToken
	p.checkName(p.tok)
	p.advance()
	if !p.tok.is("(") {
		return c
	}
	if plain {
		p.fail(p.tok, "conditions on "+c.Name, "expected them behind a call's name", "name the calls that have this argument")
		p.advance()
		p.skipGroup()
		return c
	}
	c.Conds = p.conds()
	return c
}

// conds reads `(CONDITION, ...)`. None at all are the same as no parentheses,
// as strace writes `getpid()`.
func (p *parser) conds() []*CondExpr {
	open := p.tok
	p.advance()
	if p.tok.is(")") {
		p.advance()
		return nil
	}
	var list []*CondExpr
	for {
		if _, verdict := verdictKind(p.tok.text); verdict || p.tok.kind == endToken || p.tok.is("}") {
			p.condsEnd(open)
			return list
		}
		c, ok := p.cond()
		if !ok {
			p.skipGroup()
			return list
		}
		list = append(list, c)
		switch {
		case p.tok.is(","):
			p.advance()
		case p.tok.is(")"):
			p.advance()
			return list
		default:
			p.condsEnd(open)
			return list
		}
	}
}

// condsEnd reports what stands where a condition should be over, and skips it.
func (p *parser) condsEnd(open token) {
	_, begins := statement(p.tok.text)
	switch {
	case p.tok.kind == endToken || p.tok.is("}") || p.tok.kind == nameToken && begins:
		p.fail(open, "this ( is never closed", "expected ) before "+found(p.tok), "")
	case p.tok.is("&&") || p.tok.text == "and":
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a comma: all conditions of a call must hold", "write `,`")
	case p.tok.is("||") || p.tok.text == "or":
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a comma or )", "write the call a second time for the other case, or `in {...}`")
	case p.tok.is(".."):
		p.fail(p.tok, "a range without braces", "", "write `in {LOW..HIGH}`")
	default:
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a comma or )", "")
	}
	p.skipGroup()
}

// cond reads `ARG [& MASK] OPERATOR VALUE`. After an error it is left where it was.
func (p *parser) cond() (*CondExpr, bool) {
	c := &CondExpr{Pos: p.pos(p.tok), Arg: p.asWord(p.tok)}
	if p.tok.kind != nameToken {
		hint := ""
		if p.tok.kind == numberToken {
			hint = "write conditions such as `fd == 1`"
		}
		p.fail(p.tok, "unexpected "+found(p.tok), "expected an argument's name", hint)
		return c, false
	}
	p.checkName(p.tok)
	p.advance()
	if p.tok.is("&") {
		p.advance()
		mask, ok := p.value()
		if !ok {
			return c, false
		}
		c.Mask = mask
	}
	if !p.operator(c) {
		return c, false
	}
	if c.Op == In || c.Op == NotIn {
		return c, p.list(c)
	}
	v, ok := p.value()
	if ok {
		c.List = []RangeExpr{{Low: v}}
	}
	return c, ok
}

// operator reads the comparison of a condition.
func (p *parser) operator(c *CondExpr) bool {
	op, ok := p.opOf(p.tok)
	if !ok {
		p.operatorError(c)
		return false
	}
	p.advance()
	if op != NotIn {
		c.Op = op
		return true
	}
	if p.tok.kind != nameToken || p.tok.text != "in" {
		hint := ""
		if p.tok.text == "has" {
			hint = "write lacks"
		}
		p.fail(p.tok, "unexpected "+found(p.tok), "expected in after not", hint)
		return false
	}
	p.advance()
	c.Op = op
	return true
}

// opOf is the operator that a token begins: `not` begins `not in`.
func (p *parser) opOf(t token) (Op, bool) {
	if t.kind == nameToken && t.text == "not" {
		return NotIn, true
	}
	for op, name := range opNames {
		if t.text == name && (t.kind == punctToken || t.kind == nameToken) {
			return Op(op), true
		}
	}
	return Equal, false
}

// operatorError says what to write for what is no operator.
func (p *parser) operatorError(c *CondExpr) {
	hint := ""
	switch {
	case p.tok.is("="):
		hint = "write `" + shorten(c.Arg.Text) + " == ...`"
	case p.tok.kind == otherToken && p.tok.text == "!":
		hint = "write != or `not in`"
	case p.tok.kind == nameToken:
		hint = didYouMean(p.tok.text, []string{"in", "not", "has", "lacks", "only"})
	}
	p.fail(p.tok, "unexpected "+found(p.tok), fmt.Sprintf("expected a comparison of %s: %s", shorten(c.Arg.Text), orList(opNames[:])), hint)
}

// list reads `{VALUE, LOW..HIGH, ...}`.
func (p *parser) list(c *CondExpr) bool {
	open := p.tok
	if !open.is("{") {
		p.fail(open, "unexpected "+found(open), "expected { after "+c.Op.String(), "write `"+shorten(c.Arg.Text)+" "+c.Op.String()+" {...}`")
		return false
	}
	p.advance()
	if p.tok.is("}") {
		p.fail(open, "an empty list", "expected values", "")
		p.advance()
		return true
	}
	for {
		r, ok := p.valueRange()
		if !ok {
			p.skipList()
			return true
		}
		c.List = append(c.List, r)
		switch {
		case p.tok.is(","):
			p.advance()
		case p.tok.is("}"):
			p.advance()
			return true
		default:
			p.fail(p.tok, "unexpected "+found(p.tok), "expected a comma or }", "")
			p.skipList()
			return true
		}
	}
}

// valueRange reads `VALUE` or `LOW..HIGH`.
func (p *parser) valueRange() (RangeExpr, bool) {
	low, ok := p.value()
	if !ok || !p.tok.is("..") {
		return RangeExpr{Low: low}, ok
	}
	p.advance()
	high, ok := p.value()
	return RangeExpr{Low: low, High: high}, ok
}

// value reads terms with | between them.
func (p *parser) value() (*ValueExpr, bool) {
	v := &ValueExpr{Pos: p.pos(p.tok)}
	for {
		t, ok := p.term()
		if !ok {
			return v, false
		}
		v.Terms = append(v.Terms, t)
		if !p.tok.is("|") {
			return v, true
		}
		p.advance()
	}
}

// term reads a number, a constant or a param.
func (p *parser) term() (Term, bool) {
	t := Term{Pos: p.pos(p.tok)}
	if p.tok.is("-") {
		t.Text = "-"
		p.advance()
	}
	tok := p.tok
	_, begins := statement(tok.text)
	switch {
	case tok.kind == numberToken:
	case tok.kind == paramToken && t.Text == "":
		p.checkName(tok)
	case tok.kind == nameToken && !begins:
		p.checkName(tok)
	default:
		p.fail(tok, "unexpected "+found(tok), "expected a value: a number, a constant or a $param", termHint(tok))
		return t, false
	}
	t.Text += tok.text
	if tok.kind == numberToken {
		if _, _, err := parseNumber(t.Text); err != nil {
			p.report(&Error{Pos: t.Pos, What: err.Error(), Hint: numberHint(tok.text)})
		}
	}
	p.advance()
	return t, true
}

// termHint tells what to write for what is no value.
func termHint(t token) string {
	switch {
	case t.kind == stringToken:
		return "the kernel's filters see numbers, never texts; name paths in a files block"
	case t.is("("):
		return "write the values joined by |, without parentheses"
	case t.is("{"):
		return "a list stands behind in or not in"
	}
	return ""
}

// numberHint tells how numbers are written.
func numberHint(text string) string {
	if len(text) > 1 && text[0] == '0' && isDigit(text[1]) {
		return "a leading 0 means octal: digits 0 to 7"
	}
	return "numbers are decimal, 0x hex, 0 or 0o octal, 0b binary, of at most 64 bits"
}
