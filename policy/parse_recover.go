package policy

import (
	"fmt"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// misplaced reports a statement that may not stand in this block.
func (p *parser) misplaced(k keyword) {
	hint := ""
	switch {
	case p.in()&inLines != 0 || p.in() == inLabel || p.in() == inTest:
		hint = "is a } missing before it?"
	case k.in&inFile != 0 && k.in&p.in() == 0:
		hint = "move it to the top of the file"
	case k.in == inPhase:
		hint = "move it into a phase"
	}
	p.fail(p.tok, fmt.Sprintf("%s may not stand %s", k.name, p.in()), p.wanted(), hint)
}

// maxHinted bounds the searches for mistyped words: a megabyte of other words
// would keep them busy for seconds.
const maxHinted = 10 * maxErrors

// mistyped is the keyword that a word was meant to be; the error is reported.
func (p *parser) mistyped(t token) (keyword, bool) {
	k, ok := p.mistype(t)
	if ok {
		p.fail(t, "unknown "+p.noun()+" "+quote(t.text), "", didYouMean(t.text, []string{k.name}))
	}
	return k, ok
}

// mistype is the keyword that a word was most likely meant to be.
func (p *parser) mistype(t token) (keyword, bool) {
	if t.kind != nameToken || p.hints > maxHinted || abi.KnownCall(t.text) && p.in()&inRules != 0 {
		return keyword{}, false
	}
	p.hints++
	near := nearest(t.text, keywordsIn(p.in()))
	if near == "" && p.in()&inRules != 0 {
		near = nearest(t.text, keywordsIn(inFile))
	}
	if k, ok := lineIn(near, p.in()); ok {
		return k, true
	}
	return statement(near)
}

// wanted is what may stand in the block, for errors: all words where they are
// few.
func (p *parser) wanted() string {
	switch p.in() {
	case inTest:
		return "expected a verdict: " + orList(verdictNames())
	case inProcess, inFiles, inNetwork, inLabel:
		return "expected " + orList(keywordsIn(p.in()))
	case inThread:
		return "expected a verdict such as allow, or strict, when or include"
	case inPhase:
		return "expected a verdict such as allow, or thread, files, network, label, strict, when or include"
	}
	return "expected a statement such as allow, set or phase"
}

// noun is what the block consists of.
func (p *parser) noun() string {
	switch p.in() {
	case inProcess:
		return "setting"
	case inFiles:
		return "right"
	case inNetwork:
		return "line"
	case inLabel:
		return "LSM"
	}
	return "statement"
}

// unknown reports what begins no statement, and skips it.
func (p *parser) unknown(first bool) {
	head := p.tok
	e := &Error{Pos: p.pos(head), What: "unexpected " + p.foundWord(head), Want: p.wanted()}
	switch {
	case head.kind == otherToken && head.text == ";":
		e.Want, e.Hint = "", "remove it: nothing stands between statements"
	case head.kind == stringToken:
		p.asWord(head)
	case p.in()&(inRules|inTest) != 0:
		e.Hint = p.ruleHint(head)
	case p.in() == inNetwork:
		e.Hint = networkHint(head.text)
	}
	p.report(e)
	p.advance()
	p.sync(head)
}

// ruleHint tells what to write where rules stand, for what begins none.
func (p *parser) ruleHint(t token) string {
	if hint := verdictHint(t.text); t.kind == nameToken && hint != "" {
		return hint
	}
	if t.kind == setToken || t.is("*") || t.kind == nameToken && abi.KnownCall(t.text) {
		return "a verdict stands before calls: allow " + shorten(t.text)
	}
	switch {
	case t.kind == stringToken:
		return "names of calls stand without quotes"
	case t.kind == otherToken && t.text == "/":
		return "paths stand in a files block: read, write or execute"
	}
	return ""
}

// networkHint tells what to write for a word that begins no line of a network block.
func networkHint(word string) string {
	switch word {
	case "listen", "accept":
		return "write bind tcp PORT"
	case "tcp":
		return "write bind tcp PORT or connect tcp PORT"
	}
	return ""
}

// sync skips the rest of a statement that makes no sense, to where the next
// one may begin.
func (p *parser) sync(head token) {
	p.lost = false
	for p.tok.kind != endToken && !p.tok.is("}") && !p.atKeyword() {
		switch {
		case p.tok.first && (p.in()&inRules == 0 || p.tok.col <= head.col):
			return
		case p.tok.is("("):
			p.advance()
			p.skipGroup()
		case p.tok.is("{"):
			p.rubble()
		default:
			p.advance()
		}
	}
}

// rubble reads a block that belongs to nothing, for the errors in it.
func (p *parser) rubble() {
	p.block(&Comments{}, token{}, inRubble)
}

// skipGroup skips the rest of what stands in parentheses: to behind the `)`,
// or to where the text has plainly left them.
func (p *parser) skipGroup() {
	braces, parens := 0, 1
	for p.tok.kind != endToken && !(p.tok.first && (p.tok.is("}") || p.atKeyword())) {
		switch {
		case p.tok.is("{"):
			braces++
		case p.tok.is("}") && braces == 0:
			return
		case p.tok.is("}"):
			braces--
		case p.tok.is("("):
			parens++
		case p.tok.is(")"):
			parens--
		}
		p.advance()
		if parens == 0 {
			return
		}
	}
}

// skipList skips to behind the brace of a list, or to where the list has
// plainly ended without one.
func (p *parser) skipList() {
	for p.tok.kind != endToken && !p.tok.is(")") && !(p.tok.first && p.atKeyword()) {
		end := p.tok.is("}")
		p.advance()
		if end {
			return
		}
	}
}

// orList is "a, b or c".
func orList(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
