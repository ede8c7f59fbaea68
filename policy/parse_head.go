package policy

import (
	"strings"
)

// language reads `1`.
func (p *parser) language(n node) Stmt {
	head := p.prev
	s := &Language{n, p.rawWord("the language's version", ",")}
	switch {
	case s.Version.Text == "":
	case s.Version.Text != "1":
		p.report(&Error{s.Version.Pos, "language " + shorten(s.Version.Text) + " is not known", "expected language 1", "a newer narrow may know it"})
	case p.begun:
		p.fail(head, "language stands after other statements", "expected it first, once", "move it to the top of the file")
	}
	return s
}

// arch reads `NAME, NAME... [else VERDICT]`.
func (p *parser) arch(n node, head token) Stmt {
	s := &ArchLine{node: n}
	s.Arches = p.words(&s.Comments, "an architecture such as x86_64", ",")
	if p.tok.kind == nameToken && (p.tok.text == elseWord[0] || nearest(p.tok.text, elseWord[:]) != "") {
		if p.tok.text != elseWord[0] {
			p.fail(p.tok, "unexpected "+found(p.tok), "expected else", didYouMean(p.tok.text, elseWord[:]))
		}
		p.advance()
		v := p.verdict()
		s.Else = &v
	}
	return s
}

// elseWord is what ends the list of architectures.
var elseWord = [...]string{"else"}

// newer reads `VERDICT than linux VERSION`.
func (p *parser) newer(n node) Stmt {
	s := &Newer{node: n, Verdict: p.verdict()}
	for _, word := range []string{"than", "linux"} {
		if p.tok.kind != nameToken || p.tok.text != word {
			p.lose(p.tok, "unexpected "+found(p.tok), "expected "+word, "write `newer errno ENOSYS than linux 6.12`")
			return s
		}
		p.advance()
	}
	s.Version = p.rawWord("a version of Linux such as 6.12", ",")
	if s.Version.Text != "" && !isVersion(s.Version.Text) {
		p.report(&Error{s.Version.Pos, quote(s.Version.Text) + " is not a version of Linux", "expected MAJOR.MINOR such as 6.12", ""})
	}
	return s
}

// isVersion reports whether text is MAJOR.MINOR, small enough for anybody's numbers.
func isVersion(text string) bool {
	major, minor, ok := strings.Cut(text, ".")
	return ok && isShortNumber(major) && isShortNumber(minor)
}

func isShortNumber(text string) bool {
	for i := range len(text) {
		if !isDigit(text[i]) {
			return false
		}
	}
	return len(text) > 0 && len(text) <= 4
}

// param reads `NAME = VALUE`.
func (p *parser) param(n node) Stmt {
	s := &Param{node: n}
	if p.tok.kind == paramToken {
		s.Name = Word{Pos: p.pos(p.tok), Text: p.tok.text[1:]}
		p.fail(p.tok, "unexpected "+found(p.tok), "expected the param's name without $", "write `param "+shorten(s.Name.Text)+" = VALUE`")
		p.advance()
	} else if s.Name = p.name("the param's name"); s.Name.Text == "" {
		return s
	}
	if !p.tok.is("=") {
		p.lose(p.tok, "unexpected "+found(p.tok), "expected = and the param's value", "write `param "+shorten(s.Name.Text)+" = no`")
		return s
	}
	p.advance()
	s.Value = p.rawWord("the param's value", ",")
	return s
}

// include reads `"FILE"`.
func (p *parser) include(n node) Stmt {
	s := &Include{node: n}
	if p.tok.kind != stringToken {
		hint := ""
		if !p.missing() {
			p.tok = p.recut(p.tok, "")
			hint = "write `include " + quote(p.tok.text) + "`"
		}
		p.lose(p.tok, "unexpected "+found(p.tok), "expected a file's name in quotes", hint)
		return s
	}
	s.Path = p.asWord(p.tok)
	if s.Path.Text == "" {
		p.fail(p.tok, "empty file name", "expected the name of a file beside this one", "")
	}
	p.advance()
	return s
}

// rule reads `VERDICT CALL...`.
func (p *parser) rule(n node) Stmt {
	head := p.tok
	s := &Rule{node: n, Verdict: p.verdict()}
	s.Calls = p.calls(&s.Comments, head)
	switch {
	case len(s.Calls) > 0 || p.lost:
	case p.missing() || p.atKeyword():
		p.fail(head, s.Verdict.String()+" decides no call", "expected calls behind it, not "+found(p.tok), "")
	default:
		p.lose(p.tok, "unexpected "+p.foundWord(p.tok), "expected a call after "+s.Verdict.String(), p.ruleHint(p.tok))
	}
	return s
}

// verdict reads `allow`, `errno NAME|N`, `trap [N]` ...
func (p *parser) verdict() VerdictExpr {
	v := VerdictExpr{Pos: p.pos(p.tok)}
	head := p.tok
	kind, ok := verdictKind(p.tok.text)
	if !ok {
		near := ""
		if p.tok.kind == nameToken && !p.atKeyword() {
			near = nearest(p.tok.text, verdictNames())
		}
		p.fail(p.tok, "unexpected "+found(p.tok), "expected a verdict: "+orList(verdictNames()), verdictHint(p.tok.text))
		if kind, ok = verdictKind(near); !ok {
			p.lost = true
			return v
		}
	}
	v.Kind = kind
	p.advance()
	switch kind {
	case Errno:
		v.Data = p.errnoData(head)
	case Trap, Trace:
		v.Data = p.verdictNumber()
	default:
		if p.tok.kind == numberToken && !p.tok.first {
			p.fail(p.tok, kind.String()+" takes no number", "", "remove "+found(p.tok))
			p.advance()
		}
	}
	return v
}

// verdictHint tells what to write for a word that is no verdict.
func verdictHint(word string) string {
	switch word {
	case "deny", "block", "reject", "refuse", "forbid", "disallow":
		return "to deny a call write what it gets, such as errno EPERM or kill-process"
	case "kill":
		return "write kill-process or kill-thread"
	case "permit", "accept", "pass", "grant":
		return "write allow"
	}
	return didYouMean(word, verdictNames())
}

// errnoData reads the error of an errno verdict.
func (p *parser) errnoData(head token) *ValueExpr {
	switch {
	case p.tok.kind == numberToken, p.tok.kind == paramToken:
		return p.single()
	case p.tok.kind == nameToken && p.tok.text[0] == 'E':
		return p.single()
	case p.tok.kind == nameToken && !p.atKeyword() && !p.tok.first && isErrorName(strings.ToUpper(p.tok.text)):
		p.fail(p.tok, quote(p.tok.text)+" is not an error's name", "expected one in capitals", "write "+strings.ToUpper(p.tok.text))
		return p.single()
	}
	p.fail(head, "errno without an error", "expected its name or number behind it, not "+found(p.tok), "write `errno EPERM`")
	return nil
}

// verdictNumber reads the number that trap and trace may have.
func (p *parser) verdictNumber() *ValueExpr {
	if p.tok.kind == numberToken || p.tok.kind == paramToken {
		return p.single()
	}
	return nil
}

// single reads one term as a value.
func (p *parser) single() *ValueExpr {
	v := &ValueExpr{Pos: p.pos(p.tok)}
	if t, ok := p.term(); ok {
		v.Terms = []Term{t}
	}
	return v
}
