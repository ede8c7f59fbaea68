package policy

import "strings"

// ParseCall reads one call in the notation: `write(fd in {1, 2})`, `@set`,
// `*`. The error is an ErrorList whose places are within text.
func ParseCall(text string) (*CallExpr, error) {
	calls, err := ParseCalls(text)
	if err != nil {
		return nil, err
	}
	if len(calls) > 1 {
		return nil, ErrorList{{Pos: calls[1].Pos, What: "a second call " + quote(calls[1].Name), Want: "expected one"}}
	}
	return calls[0], nil
}

// ParseCalls reads the calls of a text, at least one, with blanks between them.
func ParseCalls(text string) ([]*CallExpr, error) {
	p := &parser{lexer: lexer{line: 1, src: text}, blocks: []frame{{in: inFile}}}
	if !checkText("", []byte(text), p.report) {
		return nil, p.errors()
	}
	p.tok = p.next()
	var list []*CallExpr
	for p.atCall() {
		list = append(list, p.call())
	}
	if p.tok.kind != endToken || len(list) == 0 {
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a call such as `write(fd == 1)`", "")
	}
	return list, p.errors()
}

// String is the call in the notation.
func (c *CallExpr) String() string {
	if len(c.Conds) == 0 {
		return c.Name
	}
	conds := make([]string, len(c.Conds))
	for i, cond := range c.Conds {
		conds[i] = cond.String()
	}
	return c.Name + "(" + strings.Join(conds, ", ") + ")"
}

// String is the condition in the notation.
func (c *CondExpr) String() string {
	var b strings.Builder
	b.WriteString(c.Arg.Text)
	if c.Mask != nil {
		b.WriteString(" & ")
		b.WriteString(c.Mask.String())
	}
	b.WriteByte(' ')
	b.WriteString(c.Op.String())
	b.WriteByte(' ')
	list := make([]string, len(c.List))
	for i, r := range c.List {
		list[i] = r.String()
	}
	if c.Op == In || c.Op == NotIn {
		b.WriteString("{" + strings.Join(list, ", ") + "}")
	} else {
		b.WriteString(strings.Join(list, ", "))
	}
	return b.String()
}

// String is `LOW..HIGH` or the one value.
func (r RangeExpr) String() string {
	if r.High == nil {
		return r.Low.String()
	}
	return r.Low.String() + ".." + r.High.String()
}

// String is the terms with | between them.
func (v *ValueExpr) String() string {
	if len(v.Terms) == 1 {
		return v.Terms[0].Text
	}
	terms := make([]string, len(v.Terms))
	for i, t := range v.Terms {
		terms[i] = t.Text
	}
	return strings.Join(terms, "|")
}

// String is the verdict as a rule begins with it.
func (v VerdictExpr) String() string {
	if v.Data == nil || len(v.Data.Terms) == 0 {
		return v.Kind.String()
	}
	return v.Kind.String() + " " + v.Data.String()
}

// String is what stands behind `after`.
func (t *TriggerExpr) String() string {
	if t.Ready {
		return "ready"
	}
	return t.Call.String() + " in " + threadText(t.Thread)
}
