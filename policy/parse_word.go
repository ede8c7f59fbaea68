package policy

import (
	"fmt"
	"path"
	"strings"

	"github.com/narrow-sandbox/narrow/abi"
)

// missing reports that no word stands here: the text ends, a block begins or
// ends, or the next line begins with a keyword.
func (p *parser) missing() bool {
	return p.tok.kind == endToken || p.tok.is("{") || p.tok.is("}") || p.tok.first && p.atKeyword()
}

// atKeyword reports whether a statement could begin here.
func (p *parser) atKeyword() bool {
	if p.tok.kind != nameToken {
		return false
	}
	if _, ok := lineIn(p.tok.text, p.in()); ok {
		return true
	}
	_, ok := statement(p.tok.text)
	return ok
}

// rawWord reads one word or string, what any it is.
func (p *parser) rawWord(what, stops string) Word {
	if !p.missing() {
		p.tok = p.recut(p.tok, stops)
	}
	if p.missing() || p.tok.kind != wordToken && p.tok.kind != stringToken {
		p.lose(p.tok, "unexpected "+found(p.tok), "expected "+what, "")
		return Word{Pos: p.pos(p.tok)}
	}
	if len(p.tok.text) > maxWord {
		p.fail(p.tok, "a word too long", fmt.Sprintf("expected at most %d bytes", maxWord), "is a quote or blank missing?")
	}
	w := p.asWord(p.tok)
	if w.Quoted && w.Text == "" {
		p.fail(p.tok, "an empty string", "expected "+what, "")
	}
	p.advance()
	return w
}

// asWord is what a token means as a Word.
func (p *parser) asWord(t token) Word {
	w := Word{Pos: p.pos(t), Text: t.text}
	if t.kind == stringToken {
		w.Quoted = true
		var problem string
		if w.Text, problem = unquote(t.text); problem != "" {
			p.fail(t, problem, "", "in quotes write \\\" for a quote and \\\\ for a backslash")
		}
	}
	return w
}

// name reads the name of a policy, phase or param.
func (p *parser) name(what string) Word {
	w := p.rawWord(what, ",=()$@")
	if w.Text == "" {
		return w
	}
	if w.Quoted || !isNameWord(w.Text) {
		p.report(&Error{w.Pos, quote(w.Text) + " is not a name", "expected letters, digits, - and _", ""})
	} else if len(w.Text) > maxName {
		p.longName(w.Pos)
	}
	return w
}

// isNameWord reports whether text may be a name; other than in the notation it
// may begin with a digit.
func isNameWord(text string) bool {
	return text != "" && text[0] != '-' && nameLength(text) == len(text)
}

// checkName reports a name of the notation that is too long.
func (p *parser) checkName(t token) {
	if len(t.text) > maxName {
		p.longName(p.pos(t))
	}
}

func (p *parser) longName(pos Pos) {
	p.report(&Error{pos, "a name too long", fmt.Sprintf("expected at most %d bytes", maxName), ""})
}

// threadName reads the name of a thread, a glob or a string.
func (p *parser) threadName() Word {
	w := p.rawWord("a thread's name", threadStops)
	if w.Text == "" {
		return w
	}
	if _, err := path.Match(w.Text, ""); err != nil {
		p.report(&Error{w.Pos, quote(w.Text) + " is not a pattern", "expected each [ closed, and a character after each \\", ""})
	} else if n := shortest(w.Text); n > maxThread {
		p.report(&Error{w.Pos, fmt.Sprintf("%s has %d bytes, and the kernel cuts names of threads", quote(w.Text), n),
			fmt.Sprintf("expected at most %d", maxThread), fmt.Sprintf("write %s, as /proc shows it", quote(w.Text[:maxThread]))})
	}
	return w
}

// shortest is the length of the shortest name that a glob matches.
func shortest(glob string) int {
	n := 0
	for i := 0; i < len(glob); i++ {
		switch glob[i] {
		case '*':
			continue
		case '\\':
			i++
		case '[':
			i = classEnd(glob, i)
		}
		n++
	}
	return n
}

// classEnd is the offset of the ] that closes the class at i of a valid glob.
func classEnd(glob string, i int) int {
	for i++; i < len(glob) && glob[i] != ']'; i++ {
		if glob[i] == '\\' {
			i++
		}
	}
	return i
}

// words reads words with commas between them.
func (p *parser) words(stmt *Comments, what, stops string) []Word {
	var list []Word
	var notes []Comments
	for {
		notes = p.entry(stmt, notes)
		if p.atKeyword() || p.tok.text == elseWord[0] {
			p.fail(p.tok, "unexpected "+found(p.tok), "expected "+what, "")
			break
		}
		w := p.rawWord(what, stops)
		if w.Text == "" {
			break
		}
		list = append(list, w)
		p.endEntry(stmt, notes)
		if p.tok.is(",") {
			p.advance()
		} else if !p.commaMissing() {
			break
		}
	}
	return withNotes(list, notes)
}

// commaMissing reports, and complains, that the list goes on without one.
func (p *parser) commaMissing() bool {
	if p.tok.first || p.missing() || p.atKeyword() || p.tok.kind == punctToken && !p.tok.is("*") {
		return false
	}
	if _, ok := p.mistype(p.tok); ok || nearest(p.tok.text, elseWord[:]) != "" {
		return false
	}
	p.fail(p.tok, "unexpected "+p.foundWord(p.tok), "expected a comma between the entries of a list", "")
	return true
}

// withNotes gives its comments to each of the words.
func withNotes(list []Word, notes []Comments) []Word {
	for i := range list {
		list[i].Comments = noted(notes[i])
	}
	return list
}

// isErrorName reports whether the kernel has an error of this name on any architecture.
func isErrorName(name string) bool {
	return strings.HasPrefix(name, "E") && abi.KnownConstant(name)
}
